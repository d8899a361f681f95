"""An adapter for AgentOS in a package of its own."""
