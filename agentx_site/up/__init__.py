"""`agentx up`: the services a machine lacks, and the processes of AgentX, kept running together.

Nothing in here imports Django: it has to say what is wrong when Django cannot even start.
"""
