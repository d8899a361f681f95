"""How true and how well placed the recipes' sentences are, on functions nobody tuned for."""
