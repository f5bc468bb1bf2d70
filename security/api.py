"""/api/v1: who am I, API keys, users, roles, audit."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from security import selectors, services
from security.authentication import caller
from security.models import ApiKey, AuditEvent, Role, User
from security.pagination import ByName, ByTime, ByUsername
from security.principals import Principal
from security.schema import checked, listed, refusals


class PrincipalSerializer(serializers.Serializer[Principal]):
    kind = serializers.CharField()
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    subject = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    permissions = serializers.SerializerMethodField()

    def get_permissions(self, principal: Principal) -> list[str]:
        return sorted(principal.permissions)


class KeySerializer(serializers.ModelSerializer[ApiKey]):
    owner = serializers.CharField(source="owner.username", read_only=True)
    role = serializers.CharField(source="role.name", read_only=True)

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = ("id", "name", "prefix", "owner", "role", "created", "expires")
        fields += ("revoked", "last_used")
        read_only_fields = fields


class NewKey(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    role = serializers.CharField(max_length=50)
    expires = serializers.DateTimeField(required=False, allow_null=True)


class KeyWithTextSerializer(KeySerializer):
    key = serializers.CharField(read_only=True, help_text="Shown this once.")

    class Meta(KeySerializer.Meta):
        fields = (*KeySerializer.Meta.fields, "key")


class UserSerializer(serializers.ModelSerializer[User]):
    email = serializers.CharField(read_only=True)
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "username", "email", "is_active", "roles", "date_joined", "last_login")
        read_only_fields = fields

    def get_roles(self, user: User) -> list[str]:
        return sorted(binding.role.name for binding in user.role_bindings.all())


class NewUser(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=500, trim_whitespace=False)
    role = serializers.CharField(max_length=50)
    email = serializers.EmailField(required=False, default="")


class RoleGiven(serializers.Serializer[Any]):
    role = serializers.CharField(max_length=50)


class RoleSerializer(serializers.ModelSerializer[Role]):
    class Meta:
        model = Role
        fields = ("id", "name", "permissions", "builtin")
        read_only_fields = fields


class AuditSerializer(serializers.ModelSerializer[AuditEvent]):
    before = serializers.JSONField(read_only=True)
    after = serializers.JSONField(read_only=True)

    class Meta:
        model = AuditEvent
        fields: tuple[str, ...] = (
            "id",
            "time",
            "actor",
            "actor_label",
            "action",
            "target_type",
            "target",
        )
        fields += ("source_ip", "request_id", "before", "after", "outcome")
        read_only_fields = fields


class AuditQuery(serializers.Serializer[Any]):
    actor = serializers.CharField(required=False, help_text="Id or name of who did it.")
    action = serializers.CharField(required=False, help_text="`key.created`, or `key.` for all.")
    target = serializers.CharField(required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class Me(APIView):
    @extend_schema(operation_id="me", responses={200: PrincipalSerializer, **refusals()})
    def get(self, request: Request) -> Response:
        """Who the credential of this request belongs to, and what it may do."""
        return Response(PrincipalSerializer(selectors.oneself(caller(request))).data)


@listed("keys_list", KeySerializer)
class Keys(ListAPIView[ApiKey]):
    """API keys: one's own, or all for who manages them."""

    queryset = ApiKey.objects.none()
    serializer_class = KeySerializer

    def get_queryset(self) -> QuerySet[ApiKey]:
        return selectors.api_keys(caller(self.request))

    @extend_schema(
        operation_id="keys_create",
        request=NewKey,
        responses={201: KeyWithTextSerializer, **refusals(400)},
    )
    def post(self, request: Request) -> Response:
        """Make a key. Its text is in this response and nowhere else."""
        given = checked(request, NewKey)
        key, text = services.create_api_key(caller(request), **given)
        return Response(KeySerializer(key).data | {"key": text}, status=201)


class Key(APIView):
    @extend_schema(
        operation_id="keys_revoke",
        responses={204: OpenApiResponse(description="Revoked."), **refusals(404)},
    )
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke a key, at once and for good."""
        services.revoke_api_key(caller(request), key_id)
        return Response(status=204)


@listed("users_list", UserSerializer)
class Users(ListAPIView[User]):
    """People who may log in."""

    queryset = User.objects.none()
    serializer_class = UserSerializer
    pagination_class = ByUsername

    def get_queryset(self) -> QuerySet[User]:
        return selectors.users(caller(self.request))

    @extend_schema(
        operation_id="users_create",
        request=NewUser,
        responses={201: UserSerializer, **refusals(400, 409)},
    )
    def post(self, request: Request) -> Response:
        """Let somebody in, with one role."""
        user = services.create_user(caller(request), **checked(request, NewUser))
        return Response(UserSerializer(user).data, status=201)


class UserRole(APIView):
    @extend_schema(
        operation_id="users_set_role",
        request=RoleGiven,
        responses={200: UserSerializer, **refusals(400, 404)},
    )
    def put(self, request: Request, username: str) -> Response:
        """Give somebody this role in place of what they had."""
        role = checked(request, RoleGiven)["role"]
        return Response(
            UserSerializer(services.set_user_role(caller(request), username, role)).data
        )


class UserEnable(APIView):
    @extend_schema(
        operation_id="users_enable", request=None, responses={200: UserSerializer, **refusals(404)}
    )
    def post(self, request: Request, username: str) -> Response:
        """Let somebody in again."""
        return Response(
            UserSerializer(services.set_user_active(caller(request), username, True)).data
        )


class UserDisable(APIView):
    @extend_schema(
        operation_id="users_disable",
        request=None,
        responses={200: UserSerializer, **refusals(400, 404)},
    )
    def post(self, request: Request, username: str) -> Response:
        """Lock somebody out, and their keys."""
        return Response(
            UserSerializer(services.set_user_active(caller(request), username, False)).data
        )


@listed("roles_list", RoleSerializer)
class Roles(ListAPIView[Role]):
    """Roles and the permissions they carry."""

    queryset = Role.objects.none()
    serializer_class = RoleSerializer
    pagination_class = ByName

    def get_queryset(self) -> QuerySet[Role]:
        return selectors.roles(caller(self.request))


@listed("audit_list", AuditSerializer, AuditQuery, 400)
class Audit(ListAPIView[AuditEvent]):
    """What was done, newest first."""

    queryset = AuditEvent.objects.none()
    serializer_class = AuditSerializer
    pagination_class = ByTime

    def get_queryset(self) -> QuerySet[AuditEvent]:
        wanted = checked(self.request, AuditQuery)
        return selectors.audit_events(caller(self.request), **wanted)
