"""AgentOS Action: a Git-native agent whose model may only propose a diff."""

__version__ = "0.1.0"
