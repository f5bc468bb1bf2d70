"""Packages: what can be installed, who signed it, what people think of it."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from registry.models import Trust


class PublisherKey(models.Model):
    """An Ed25519 key whose signature lends a package up to `trust`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    public_key = models.CharField(
        _("public key"), max_length=64, unique=True, help_text=_("32 bytes in base64.")
    )
    trust = models.CharField(
        _("trust"), max_length=16, choices=Trust.choices, default=Trust.VERIFIED
    )
    revoked = models.DateTimeField(_("revoked"), null=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("publisher key")
        verbose_name_plural = _("publisher keys")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Package(models.Model):
    """One built plugin of one version. `listed`: others find it in the registry; else it was only brought here."""

    class Review(models.TextChoices):
        NONE = "none", _("not reviewed")
        PENDING = "pending", _("waits for review")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.SlugField(_("name"), max_length=64)
    version = models.CharField(_("version"), max_length=64)
    description = models.TextField(_("description"), blank=True)
    manifest = models.JSONField(_("manifest"))
    digest = models.CharField(_("sha256"), max_length=64, unique=True)
    contents = models.CharField(
        _("sha256 of its files"), max_length=64, default="", help_text=_("Once they are unpacked.")
    )
    size = models.PositiveIntegerField(_("size"), help_text=_("Bytes of the packed file."))
    readme = models.TextField(_("readme"), blank=True)
    signature = models.CharField(_("signature"), max_length=128, blank=True)
    signer = models.ForeignKey(
        PublisherKey, on_delete=models.SET_NULL, null=True, related_name="packages"
    )
    trust = models.CharField(_("trust"), max_length=16, choices=Trust.choices, default=Trust.PUBLIC)
    wanted_trust = models.CharField(
        _("trust asked for"), max_length=16, choices=Trust.choices, blank=True
    )
    review = models.CharField(
        _("review"), max_length=16, choices=Review.choices, default=Review.NONE
    )
    listed = models.BooleanField(_("listed"), default=False)
    latest = models.BooleanField(
        _("newest"), default=False, help_text=_("What one gets who asks for no version.")
    )
    published_by = models.CharField(_("published by"), max_length=200, blank=True)
    published = models.DateTimeField(_("published"), default=timezone.now, editable=False)
    yanked = models.DateTimeField(_("yanked"), null=True)
    yank_reason = models.CharField(_("why it was yanked"), max_length=500, blank=True)
    downloads = models.PositiveIntegerField(_("downloads"), default=0)

    class Meta:
        verbose_name = _("package")
        verbose_name_plural = _("packages")
        ordering = ("name", "-published")
        constraints = (
            models.UniqueConstraint(
                fields=("name", "version"),
                condition=Q(listed=True),
                name="plugins_app_version_listed_once",
            ),
            models.UniqueConstraint(
                fields=("name",),
                condition=Q(latest=True),
                name="plugins_app_one_newest_package",
            ),
            models.CheckConstraint(
                condition=Q(latest=False) | Q(listed=True, yanked__isnull=True),
                name="plugins_app_newest_can_be_had",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class PackageFile(models.Model):
    """The packed file itself, apart so that lists never read it. In Postgres, so that every node can have it."""

    package = models.OneToOneField(
        Package, on_delete=models.CASCADE, primary_key=True, related_name="file"
    )
    content = models.BinaryField(_("content"))

    class Meta:
        verbose_name = _("package file")
        verbose_name_plural = _("package files")

    def __str__(self) -> str:
        return str(self.package_id)


class PackageReview(models.Model):
    """Somebody looked at a package and said how far it may be trusted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.CharField(_("reviewer"), max_length=200)
    approved = models.BooleanField(_("approved"))
    trust = models.CharField(_("trust"), max_length=16, choices=Trust.choices)
    note = models.TextField(_("note"), blank=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.package_id} {self.trust}"


class PackageRating(models.Model):
    """What one person thinks of a plugin, whatever its version."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.SlugField(_("plugin"), max_length=64)
    subject = models.CharField(_("person"), max_length=200)
    label = models.CharField(_("name"), max_length=200, blank=True)
    stars = models.PositiveSmallIntegerField(
        _("stars"), validators=(MinValueValidator(1), MaxValueValidator(5))
    )
    comment = models.CharField(_("comment"), max_length=2000, blank=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        ordering = ("name", "-updated")
        constraints = (
            models.UniqueConstraint(fields=("name", "subject"), name="plugins_app_one_rating_each"),
            models.CheckConstraint(
                condition=Q(stars__gte=1, stars__lte=5), name="plugins_app_one_to_five_stars"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.stars}"
