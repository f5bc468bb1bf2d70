"""A2A's older shapes, 0.3 and 0.2, to 1.0 and back. Pure: for the doors, for old upstreams, for gRPC.

v03_objects: tasks, messages, parts and events as JSON-RPC carries them (`kind`, short states and roles)
v03: the methods of JSON-RPC with their params and results
v03_proto, v03_proto_objects: the ProtoJSON of package a2a.v1, for REST under /v1 and for gRPC
cards: agent cards

What is of the wrong type is handed on as it is: the checks of 1.0 (routing.a2a.params) refuse it.
Read from the definitions that PyPI a2a-sdk 0.3.26 and 0.2.16 ship.
"""
