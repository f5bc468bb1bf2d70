"""/api/v1/market, /packages, /publisher-keys, /registries: what can be installed, and how far it may be trusted."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app.api.installation import UPLOADS, Upload, decoded, is_upload, uploaded
from plugins_app.api.market_shapes import (
    Comment,
    EntrySerializer,
    KeyRequest,
    PackageDetailSerializer,
    PackageSerializer,
    Publication,
    PublisherKeySerializer,
    RatingSerializer,
    Reason,
    RegistrySerializer,
    ReviewRequest,
    Search,
    SearchText,
    package_detail,
)
from plugins_app.fetching import taking
from plugins_app.fetching.registries import registries, registry_named
from plugins_app.models import Package, PackageRating, PublisherKey
from plugins_app.packages import index
from plugins_app.packages.archive import SUFFIX
from plugins_app.selectors import market as selectors
from plugins_app.services import acceptance, market, reviews
from security import permissions
from security.authentication import caller
from security.pagination import ByName, ByPublication, ByUpdate
from security.schema import checked, listed, refusals


@listed("market_list", PackageSerializer, Search)
class Market(ListAPIView[Package]):
    """What the registry lists: of each plugin its newest version."""

    queryset = Package.objects.none()
    serializer_class = PackageSerializer
    pagination_class = ByName
    parser_classes = UPLOADS

    def get_queryset(self) -> QuerySet[Package]:
        given = checked(self.request, Search)
        words = given.pop("search", "")
        return selectors.catalogue(caller(self.request), words=words, **given)

    @extend_schema(
        operation_id="market_publish",
        request={"application/json": Publication, "multipart/form-data": Upload},
        responses={201: PackageSerializer, **refusals(400, 403, 409)},
    )
    def post(self, request: Request) -> Response:
        """Publish a package here. The same again changes nothing."""
        principal = caller(request)
        principal.require(permissions.PLUGINS_PUBLISH)
        if is_upload(request):
            content, signature, _config = uploaded(request)
        else:
            given = checked(request, Publication)
            content, signature = decoded(given["package"]), given["signature"]
        package = market.publish(principal, content, signature=signature)
        return Response(PackageSerializer(package).data, status=201)


class MarketIndex(APIView):
    @extend_schema(operation_id="market_index", responses={200: OpenApiTypes.OBJECT, **refusals()})
    def get(self, request: Request) -> Response:
        """All that is listed, as a static registry's index.json has it: other AgentXs read it."""
        return Response(selectors.index_document(caller(request)))


class MarketPackage(APIView):
    @extend_schema(
        operation_id="market_show", responses={200: PackageDetailSerializer, **refusals(404)}
    )
    def get(self, request: Request, name: str) -> Response:
        """One plugin in all its versions, the newest first."""
        return Response(package_detail(caller(request), name))


class MarketDownload(APIView):
    @extend_schema(
        operation_id="market_download",
        responses={
            (200, "application/gzip"): OpenApiResponse(OpenApiTypes.BINARY, "The package."),
            **refusals(404),
        },
    )
    def get(self, request: Request, name: str, version: str) -> HttpResponse:
        """The package itself; `X-AgentX-Sha256` and `X-AgentX-Signature` tell what it is."""
        package = selectors.access_package(caller(request), name, version)
        answer = HttpResponse(bytes(package.file.content), content_type="application/gzip")
        file_name = f"{package.name}-{package.version}{SUFFIX}"
        answer["Content-Disposition"] = f'attachment; filename="{file_name}"'
        answer["X-AgentX-Sha256"] = package.digest
        if package.signature:
            answer["X-AgentX-Signature"] = package.signature
        acceptance.count_download(package)
        return answer


class MarketYank(APIView):
    @extend_schema(
        operation_id="market_yank",
        request=Reason,
        responses={200: PackageSerializer, **refusals(400, 404)},
    )
    def post(self, request: Request, name: str, version: str) -> Response:
        """Let no range choose this version any more; who names it exactly still gets it."""
        reason = checked(request, Reason)["reason"]
        return Response(PackageSerializer(market.yank(caller(request), name, version, reason)).data)


class MarketUnyank(APIView):
    @extend_schema(
        operation_id="market_unyank",
        request=None,
        responses={200: PackageSerializer, **refusals(404)},
    )
    def post(self, request: Request, name: str, version: str) -> Response:
        """Let ranges choose this version again."""
        return Response(PackageSerializer(market.unyank(caller(request), name, version)).data)


@listed("market_ratings", RatingSerializer, None, 404)
class MarketRatings(ListAPIView[PackageRating]):
    """What people think of a plugin, last changed first."""

    queryset = PackageRating.objects.none()
    serializer_class = RatingSerializer
    pagination_class = ByUpdate

    def get_queryset(self) -> QuerySet[PackageRating]:
        return selectors.ratings_of(caller(self.request), self.kwargs["name"])

    @extend_schema(
        operation_id="market_rate",
        request=Comment,
        responses={200: RatingSerializer, **refusals(400, 404)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Rate a plugin: one rating per person, a further one takes its place."""
        given = checked(request, Comment)
        rating = market.rate(caller(request), name, given["stars"], given["comment"])
        return Response(RatingSerializer(rating).data)


@listed("reviews_list", PackageSerializer)
class ReviewQueue(ListAPIView[Package]):
    """Packages that ask for more trust than their signature lends them, newest first."""

    queryset = Package.objects.none()
    serializer_class = PackageSerializer
    pagination_class = ByPublication

    def get_queryset(self) -> QuerySet[Package]:
        return selectors.waiting_reviews(caller(self.request))


class PackageReviewed(APIView):
    @extend_schema(
        operation_id="packages_review",
        request=ReviewRequest,
        responses={200: PackageSerializer, **refusals(400, 403, 404)},
    )
    def post(self, request: Request, package_id: UUID) -> Response:
        """Say how far a package may be trusted. Its publisher cannot."""
        given = checked(request, ReviewRequest)
        package = reviews.review(
            caller(request),
            package_id,
            approved=given["approved"],
            level=given["trust"],
            note=given["note"],
        )
        return Response(PackageSerializer(package).data)


@listed("publisher_keys_list", PublisherKeySerializer)
class PublisherKeys(ListAPIView[PublisherKey]):
    """Keys whose signatures lend packages trust."""

    queryset = PublisherKey.objects.none()
    serializer_class = PublisherKeySerializer
    pagination_class = ByName

    def get_queryset(self) -> QuerySet[PublisherKey]:
        return selectors.publisher_keys(caller(self.request))

    @extend_schema(
        operation_id="publisher_keys_add",
        request=KeyRequest,
        responses={201: PublisherKeySerializer, **refusals(400, 409)},
    )
    def post(self, request: Request) -> Response:
        """Let a publisher's signature lend trust from now on."""
        given = checked(request, KeyRequest)
        key = reviews.add_publisher_key(
            caller(request),
            name=given["name"],
            public_key=given["public_key"],
            level=given["trust"],
        )
        return Response(PublisherKeySerializer(key).data, status=201)


class PublisherKeyRevoke(APIView):
    @extend_schema(
        operation_id="publisher_keys_revoke",
        request=None,
        responses={200: PublisherKeySerializer, **refusals(404)},
    )
    def post(self, request: Request, key_id: UUID) -> Response:
        """End a key: what it signed is not installed any more, and what is installed loses its trust."""
        key = reviews.revoke_publisher_key(caller(request), key_id)
        return Response(PublisherKeySerializer(key).data)


class Registries(APIView):
    @extend_schema(
        operation_id="registries_list", responses={200: RegistrySerializer(many=True), **refusals()}
    )
    def get(self, request: Request) -> Response:
        """Other registries, in the order in which they are asked."""
        caller(request).require(permissions.PLUGINS_VIEW)
        return Response([{"name": each.name, "address": each.address} for each in registries()])


class RegistryPackages(APIView):
    @extend_schema(
        operation_id="registries_packages",
        parameters=[SearchText],
        responses={200: EntrySerializer(many=True), **refusals(404, 503)},
    )
    def get(self, request: Request, registry: str) -> Response:
        """What another registry has: the newest version of each plugin that holds all words of `search`."""
        caller(request).require(permissions.PLUGINS_VIEW)
        words = checked(request, SearchText).get("search", "")
        found = index.matching(taking.entries_of(registry_named(registry)), words)
        return Response([EntrySerializer(each).data for each in found])
