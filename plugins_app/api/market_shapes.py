"""What the API tells and takes of packages, ratings, reviews and publishers."""

from typing import Any

from rest_framework import serializers

from plugins_app.models import Package, PackageRating, PackageReview, PublisherKey
from plugins_app.packages.index import Entry
from plugins_app.selectors import market as selectors
from registry.models import Trust
from security.principals import Principal


class SearchText(serializers.Serializer[Any]):
    search = serializers.CharField(required=False, max_length=200, help_text="Words, all of them.")


class Search(SearchText):
    kind = serializers.CharField(required=False, max_length=40)
    framework = serializers.CharField(required=False, max_length=100)
    capability = serializers.CharField(required=False, max_length=100)
    trust = serializers.ChoiceField(required=False, choices=Trust.choices)


class Publication(serializers.Serializer[Any]):
    package = serializers.CharField(help_text="A package in base64.")
    signature = serializers.CharField(max_length=128, required=False, allow_blank=True, default="")


class Reason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class Comment(serializers.Serializer[Any]):
    stars = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ReviewRequest(serializers.Serializer[Any]):
    approved = serializers.BooleanField()
    trust = serializers.ChoiceField(
        choices=Trust.choices,
        required=False,
        default="",
        help_text="How far; left out: as it asks.",
    )
    note = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")


class KeyRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    public_key = serializers.CharField(
        max_length=1000, help_text="Ed25519: 32 bytes in base64, or PEM."
    )
    trust = serializers.ChoiceField(
        choices=Trust.choices,
        required=False,
        default=Trust.VERIFIED,
        help_text="The most it lends.",
    )


class PackageSerializer(serializers.ModelSerializer[Package]):
    signer = serializers.CharField(source="signer.name", read_only=True, allow_null=True)
    kind = serializers.CharField(source="manifest.kind", read_only=True, default="custom")
    framework = serializers.CharField(source="manifest.framework", read_only=True, default="")
    capabilities = serializers.ListField(
        child=serializers.CharField(), source="manifest.capabilities", read_only=True, default=list
    )
    stars = serializers.FloatField(read_only=True, allow_null=True, default=None)
    ratings = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = Package
        fields: tuple[str, ...] = ("id", "name", "version", "description", "kind", "framework")
        fields += ("capabilities", "digest", "size", "signature", "signer", "trust")
        fields += ("wanted_trust", "review", "listed", "published_by", "published", "yanked")
        fields += ("yank_reason", "downloads", "stars", "ratings")
        read_only_fields = fields


class ReviewSerializer(serializers.ModelSerializer[PackageReview]):
    class Meta:
        model = PackageReview
        fields = ("reviewer", "approved", "trust", "note", "created")
        read_only_fields = fields


class PackageDetailSerializer(PackageSerializer):
    manifest = serializers.DictField(read_only=True)
    readme = serializers.CharField(read_only=True)
    all_downloads = serializers.IntegerField(read_only=True, help_text="Of all versions.")
    installed = serializers.CharField(read_only=True, help_text="The version installed here.")
    reviews = ReviewSerializer(many=True, read_only=True)
    versions = PackageSerializer(many=True, read_only=True)

    class Meta(PackageSerializer.Meta):
        fields = (
            *PackageSerializer.Meta.fields,
            *("manifest", "readme", "all_downloads", "installed", "reviews", "versions"),
        )
        read_only_fields = fields


class RatingSerializer(serializers.ModelSerializer[PackageRating]):
    person = serializers.CharField(source="label", read_only=True)

    class Meta:
        model = PackageRating
        fields = ("person", "stars", "comment", "updated")
        read_only_fields = fields


class PublisherKeySerializer(serializers.ModelSerializer[PublisherKey]):
    signed = serializers.IntegerField(read_only=True, default=0, help_text="Packages.")

    class Meta:
        model = PublisherKey
        fields = ("id", "name", "public_key", "trust", "revoked", "created", "signed")
        read_only_fields = fields


class RegistrySerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    address = serializers.CharField(help_text="A folder or a URL.")


class EntrySerializer(serializers.Serializer[Entry]):
    name = serializers.CharField()
    version = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.CharField()
    framework = serializers.CharField()
    capabilities = serializers.ListField(child=serializers.CharField())
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    signature = serializers.CharField()


def package_detail(principal: Principal, name: str) -> dict[str, Any]:
    """One plugin: of its newest version everything, and all versions."""
    rows = selectors.versions_of(principal, name)
    newest = next((row for row in rows if row.latest), rows[0])
    told = dict(PackageSerializer(newest).data)
    reviews = selectors.reviews_of(principal, newest)
    return told | {
        "manifest": newest.manifest,
        "readme": newest.readme,
        "all_downloads": getattr(newest, "all_downloads", 0),
        "installed": selectors.installed_versions([name]).get(name, ""),
        "reviews": ReviewSerializer(reviews, many=True).data,
        "versions": PackageSerializer(rows, many=True).data,
    }
