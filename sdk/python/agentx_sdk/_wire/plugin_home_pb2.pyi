from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetAuthorityRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetAuthorityResponse(_message.Message):
    __slots__ = ("root_pem",)
    ROOT_PEM_FIELD_NUMBER: _ClassVar[int]
    root_pem: bytes
    def __init__(self, root_pem: _Optional[bytes] = ...) -> None: ...

class JoinRequest(_message.Message):
    __slots__ = ("token", "csr_pem", "plugin", "version", "machine", "pid", "sdk", "framework", "contracts")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    CSR_PEM_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    SDK_FIELD_NUMBER: _ClassVar[int]
    FRAMEWORK_FIELD_NUMBER: _ClassVar[int]
    CONTRACTS_FIELD_NUMBER: _ClassVar[int]
    token: str
    csr_pem: bytes
    plugin: str
    version: str
    machine: str
    pid: int
    sdk: str
    framework: str
    contracts: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, token: _Optional[str] = ..., csr_pem: _Optional[bytes] = ..., plugin: _Optional[str] = ..., version: _Optional[str] = ..., machine: _Optional[str] = ..., pid: _Optional[int] = ..., sdk: _Optional[str] = ..., framework: _Optional[str] = ..., contracts: _Optional[_Iterable[int]] = ...) -> None: ...

class JoinResponse(_message.Message):
    __slots__ = ("launch_id", "token", "certificate_pem", "root_pem", "attend_port", "lease_seconds", "contract")
    LAUNCH_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_PEM_FIELD_NUMBER: _ClassVar[int]
    ROOT_PEM_FIELD_NUMBER: _ClassVar[int]
    ATTEND_PORT_FIELD_NUMBER: _ClassVar[int]
    LEASE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    launch_id: str
    token: str
    certificate_pem: bytes
    root_pem: bytes
    attend_port: int
    lease_seconds: int
    contract: int
    def __init__(self, launch_id: _Optional[str] = ..., token: _Optional[str] = ..., certificate_pem: _Optional[bytes] = ..., root_pem: _Optional[bytes] = ..., attend_port: _Optional[int] = ..., lease_seconds: _Optional[int] = ..., contract: _Optional[int] = ...) -> None: ...

class Attendance(_message.Message):
    __slots__ = ("launch_id", "listen", "csr_pem", "leaving")
    LAUNCH_ID_FIELD_NUMBER: _ClassVar[int]
    LISTEN_FIELD_NUMBER: _ClassVar[int]
    CSR_PEM_FIELD_NUMBER: _ClassVar[int]
    LEAVING_FIELD_NUMBER: _ClassVar[int]
    launch_id: str
    listen: str
    csr_pem: bytes
    leaving: bool
    def __init__(self, launch_id: _Optional[str] = ..., listen: _Optional[str] = ..., csr_pem: _Optional[bytes] = ..., leaving: bool = ...) -> None: ...

class Order(_message.Message):
    __slots__ = ("certificate_pem", "root_pem", "leave", "welcome")
    CERTIFICATE_PEM_FIELD_NUMBER: _ClassVar[int]
    ROOT_PEM_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    certificate_pem: bytes
    root_pem: bytes
    leave: Leave
    welcome: bool
    def __init__(self, certificate_pem: _Optional[bytes] = ..., root_pem: _Optional[bytes] = ..., leave: _Optional[_Union[Leave, _Mapping]] = ..., welcome: bool = ...) -> None: ...

class Leave(_message.Message):
    __slots__ = ("drain_seconds", "reason")
    DRAIN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    drain_seconds: int
    reason: str
    def __init__(self, drain_seconds: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class RenewRequest(_message.Message):
    __slots__ = ("certificate_pem", "key_pem", "root_pem")
    CERTIFICATE_PEM_FIELD_NUMBER: _ClassVar[int]
    KEY_PEM_FIELD_NUMBER: _ClassVar[int]
    ROOT_PEM_FIELD_NUMBER: _ClassVar[int]
    certificate_pem: bytes
    key_pem: bytes
    root_pem: bytes
    def __init__(self, certificate_pem: _Optional[bytes] = ..., key_pem: _Optional[bytes] = ..., root_pem: _Optional[bytes] = ...) -> None: ...

class RenewResponse(_message.Message):
    __slots__ = ("success", "error")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    success: bool
    error: str
    def __init__(self, success: bool = ..., error: _Optional[str] = ...) -> None: ...
