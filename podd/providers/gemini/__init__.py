"""Gemini, in the words of Google's Generative Language API and of Vertex AI."""
