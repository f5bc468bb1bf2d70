"""A model for people without a key: OpenAI's API, spoken by a program that makes its answers up from the request alone.

It understands nothing. It lets every framework run, stream, call tools and fail on a machine without internet, and
tests know what it will say. `answers` decides what is said and is pure; `chat` and `responses` are the two forms of it;
`app` is the server. Nothing in here imports Django: the process stays small.
"""
