import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.catalog.arrivals import receive
from farmy_assets.catalog.claims import CLAIM_NAMES, parse_claims
from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.catalog.metadata import ImageMetadata, Position
from farmy_assets.catalog.privacy import coarsened, contributor_token
from farmy_assets.errors import InvalidInputError
from farmy_assets_tests.arrivals import NOON, ORIGIN, arrival, jpeg

DEGREES = st.floats(-90, 90, allow_nan=False)


@pytest.mark.parametrize("name", ["Anna Smith", "anna.smith", "anna@example.com", "anna", "a1", ""])
def test_what_looks_like_a_name_or_an_address_is_no_token(name: str) -> None:
    with pytest.raises(InvalidInputError, match="c-4711"):
        contributor_token(name)


def test_a_delivery_under_a_name_is_refused_at_the_door() -> None:
    with pytest.raises(InvalidInputError, match="no name"):
        receive(
            "a.jpg", jpeg(), arrived_at=NOON,
            origin=ORIGIN.model_copy(update={"contributor": "Anna Smith"}),
        )  # fmt: skip
    value = receive(
        "a.jpg", jpeg(), arrived_at=NOON,
        origin=ORIGIN.model_copy(update={"contributor": "c-4711"}),
    )  # fmt: skip
    assert isinstance(value, ImageMetadata)
    assert value.contributor == "c-4711"


@given(DEGREES, DEGREES)
def test_a_coarsened_position_is_near_and_tells_no_more_the_second_time(
    latitude: float, longitude: float
) -> None:
    exact = Position(latitude_deg=latitude, longitude_deg=longitude)
    coarse = coarsened(exact)
    assert abs(coarse.latitude_deg - latitude) <= 0.00501
    assert abs(coarse.longitude_deg - longitude) <= 0.00501
    assert coarsened(coarse) == coarse
    assert len(str(coarse.latitude_deg).partition(".")[2]) <= 2


def test_an_entry_never_has_the_exact_position() -> None:
    exact = Position(latitude_deg=48.137154, longitude_deg=11.576124)
    metadata = arrival("a.jpg", jpeg()).model_copy(update={"position": exact})
    entry = CatalogEntry(
        image_id=metadata.image_id, state=EntryState.PRESENT, sequencer="0", metadata=metadata
    )
    assert entry.metadata is not None
    assert entry.metadata.position == Position(latitude_deg=48.14, longitude_deg=11.58)
    assert metadata.position == exact


def test_an_unknown_claim_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_claims({"plant": "maize"})
    assert "plant" in str(refused.value)
    assert all(name in str(refused.value) for name in CLAIM_NAMES)


@pytest.mark.parametrize(
    "value",
    [
        {"latitude_deg": "48"},
        {"latitude_deg": "91", "longitude_deg": "0"},
        {"latitude_deg": "nan", "longitude_deg": "0"},
        {"captured_at": "yesterday"},
        {"contributor": "Anna Smith"},
        {"campaign": "No Such Name"},
        {"crop": "x" * 201},
        {"crop": "\udcff"},
        {"crop": ["maize"]},
    ],
    ids=str,
)
def test_a_claim_that_does_not_fit_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        parse_claims(value)


def test_a_time_without_a_zone_is_utc_and_an_empty_text_claims_nothing() -> None:
    claims = parse_claims({"captured_at": "2026-05-14T12:00:00", "crop": " "})
    assert (claims.captured_at, claims.crop) == (NOON, None)


@pytest.mark.parametrize(
    "value",
    ["2026", "1719999999", 20260514, True, "0001-01-01T00:00:00+05:00", "9999-12-31", "now"],
)
def test_a_number_is_no_time_and_no_photograph_is_older_than_photography(value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"captured_at: .*(ISO 8601|a year from 1800)"):
        parse_claims({"captured_at": value})


def test_a_day_may_be_written_without_dashes() -> None:
    assert parse_claims({"captured_at": "20260514"}) == parse_claims({"captured_at": "2026-05-14"})
