import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Each begins another index of its table, or is the beginning of a unique one: nothing asks for it.
# Dropped beside those who read and write; altering the field would make its foreign key anew.
DROPPED = [
    ("returns_barcode_shop_id_c1e0ced6", "returns_barcode", "shop_id"),
    ("returns_boxarrival_rma_id_74a8272c", "returns_boxarrival", "rma_id"),
    ("returns_bulkjob_shop_id_0d6a1ed0", "returns_bulkjob", "shop_id"),
    ("returns_bulkrow_job_id_6c4866ae", "returns_bulkrow", "job_id"),
    ("returns_case_parcel_id_7b3c8ac4", "returns_case", "parcel_id"),
    ("returns_case_rma_id_b7fc10c4", "returns_case", "rma_id"),
    ("returns_casecount_shop_id_efd24847", "returns_casecount", "shop_id"),
    ("returns_caseevent_case_id_ae9e6305", "returns_caseevent", "case_id"),
    ("returns_casewatch_user_id_3f4700cc", "returns_casewatch", "user_id"),
    ("returns_decisionreason_shop_id_cea4ae0e", "returns_decisionreason", "shop_id"),
    ("returns_grade_shop_id_f7498926", "returns_grade", "shop_id"),
    ("returns_locationchange_location_id_02e9d690", "returns_locationchange", "location_id"),
    ("returns_locationimport_shop_id_451cbf82", "returns_locationimport", "shop_id"),
    ("returns_locationimportrow_job_id_afddefcc", "returns_locationimportrow", "job_id"),
    ("returns_macro_shop_id_992b605b", "returns_macro", "shop_id"),
    ("returns_notice_user_id_0b4a2e9f", "returns_notice", "user_id"),
    ("returns_package_rma_id_7cb3465b", "returns_package", "rma_id"),
    ("returns_parcel_shop_id_bc575d19", "returns_parcel", "shop_id"),
    ("returns_photo_parcel_id_0d4ed545", "returns_photo", "parcel_id"),
    ("returns_photo_rma_id_48523b3e", "returns_photo", "rma_id"),
    ("returns_playbook_shop_id_ead5f46b", "returns_playbook", "shop_id"),
    ("returns_refundlimit_shop_id_97a885bf", "returns_refundlimit", "shop_id"),
    ("returns_rma_shop_id_f51f994d", "returns_rma", "shop_id"),
    ("returns_rmaevent_rma_id_7bc48b0e", "returns_rmaevent", "rma_id"),
    ("returns_rmaitem_rma_id_2ff842b3", "returns_rmaitem", "rma_id"),
    ("returns_savedview_owner_id_e1280d49", "returns_savedview", "owner_id"),
    ("returns_savedview_shop_id_95e912a6", "returns_savedview", "shop_id"),
    ("returns_scan_by_id_b59ebf66", "returns_scan", "by_id"),
    ("returns_searchtoken_rma_id_c3f222ae", "returns_searchtoken", "rma_id"),
    ("returns_searchtoken_shop_id_486a204c", "returns_searchtoken", "shop_id"),
    ("returns_transaction_rma_id_9c2fbb1e", "returns_transaction", "rma_id"),
    ("returns_viewing_parcel_id_f650f336", "returns_viewing", "parcel_id"),
    ("returns_viewing_rma_id_364e8ae2", "returns_viewing", "rma_id"),
    ("returns_workcount_shop_id_6c92bcc0", "returns_workcount", "shop_id"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0005_one_index_each"),
        ("returns", "0019_vacuumed_early"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="barcode",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="barcodes",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="boxarrival",
                    name="rma",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="arrivals",
                        to="returns.rma",
                    ),
                ),
                migrations.AlterField(
                    model_name="bulkjob",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bulk_jobs",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="bulkrow",
                    name="job",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="returns.bulkjob",
                    ),
                ),
                migrations.AlterField(
                    model_name="case",
                    name="parcel",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cases",
                        to="returns.parcel",
                    ),
                ),
                migrations.AlterField(
                    model_name="case",
                    name="rma",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cases",
                        to="returns.rma",
                    ),
                ),
                migrations.AlterField(
                    model_name="casecount",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="caseevent",
                    name="case",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="history",
                        to="returns.case",
                    ),
                ),
                migrations.AlterField(
                    model_name="casewatch",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="decisionreason",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decision_reasons",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="grade",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grades",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="locationchange",
                    name="location",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="history",
                        to="returns.returnlocation",
                    ),
                ),
                migrations.AlterField(
                    model_name="locationimport",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="location_imports",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="locationimportrow",
                    name="job",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="returns.locationimport",
                    ),
                ),
                migrations.AlterField(
                    model_name="macro",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="macros",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="notice",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="package",
                    name="rma",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="packages",
                        to="returns.rma",
                    ),
                ),
                migrations.AlterField(
                    model_name="parcel",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parcels",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="photo",
                    name="parcel",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="photos",
                        to="returns.parcel",
                    ),
                ),
                migrations.AlterField(
                    model_name="photo",
                    name="rma",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="photos",
                        to="returns.rma",
                    ),
                ),
                migrations.AlterField(
                    model_name="playbook",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="playbooks",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="refundlimit",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refund_limits",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="rma",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rmas",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="rmaevent",
                    name="rma",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="history",
                        to="returns.rma",
                    ),
                ),
                migrations.AlterField(
                    model_name="rmaitem",
                    name="rma",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="returns.rma",
                    ),
                ),
                migrations.AlterField(
                    model_name="savedview",
                    name="owner",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="savedview",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        help_text="Shared with whom works here",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="scan",
                    name="by",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="searchtoken",
                    name="rma",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to="returns.rma",
                    ),
                ),
                migrations.AlterField(
                    model_name="searchtoken",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="transaction",
                    name="rma",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="returns.rma",
                    ),
                ),
                migrations.AlterField(
                    model_name="viewing",
                    name="parcel",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="viewings",
                        to="returns.parcel",
                    ),
                ),
                migrations.AlterField(
                    model_name="viewing",
                    name="rma",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="viewings",
                        to="returns.rma",
                    ),
                ),
                migrations.AlterField(
                    model_name="workcount",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="work_counts",
                        to="accounts.shop",
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({column})",
                )
                for name, table, column in DROPPED
            ],
        )
    ]
