import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from farmy_assets.catalog.arrivals import DeliveryMetadata, Refusal, RefusalReason, receive
from farmy_assets.catalog.metadata import ImageMetadata, Source, image_id_for, is_image_id
from farmy_assets.errors import InvalidInputError
from farmy_assets_tests.arrivals import NOON, ORIGIN, arrival, jpeg

SHA = "ab" * 32


def test_the_same_file_sent_again_is_the_same_image() -> None:
    assert arrival("a.jpg", jpeg()).image_id == arrival("a.jpg", jpeg()).image_id


def test_the_same_content_under_another_name_is_another_image_of_equal_content() -> None:
    one, other = arrival("a.jpg", jpeg()), arrival("b.jpg", jpeg())
    assert one.image_id != other.image_id
    assert one.image_id[:32] == other.image_id[:32] == one.sha256[:32]


def test_composed_and_decomposed_umlauts_are_one_name() -> None:
    composed, decomposed = "R\u00fcbe.jpg", "Ru\u0308be.jpg"
    assert image_id_for(SHA, "mobile", "weeds", composed) == image_id_for(
        SHA, "mobile", "weeds", decomposed
    )


@given(st.text(min_size=1, max_size=400), st.sampled_from(list(Source)))
def test_an_image_id_always_fits_a_key_and_a_partition(name: str, source: Source) -> None:
    assert is_image_id(image_id_for(SHA, source, "weeds", name))


def test_metadata_goes_to_json_and_back_unchanged() -> None:
    metadata = arrival("ü b.jpg", jpeg())
    assert ImageMetadata.model_validate_json(metadata.to_json()) == metadata


def test_metadata_with_an_id_of_other_content_is_refused() -> None:
    told = arrival("a.jpg", jpeg()).model_dump() | {"sha256": SHA}
    with pytest.raises(ValidationError, match="not of this content"):
        ImageMetadata.model_validate(told)


def test_an_empty_file_is_refused_with_its_reason() -> None:
    refusal = receive("a.jpg", b"", origin=ORIGIN, arrived_at=NOON)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.EMPTY_FILE


def test_a_text_file_is_refused_but_a_broken_photograph_enters() -> None:
    text = receive("notes.txt", b"hello", origin=ORIGIN, arrived_at=NOON)
    assert isinstance(text, Refusal)
    assert text.reason is RefusalReason.NOT_AN_IMAGE
    assert isinstance(receive("x.JPG", b"hello", origin=ORIGIN, arrived_at=NOON), ImageMetadata)
    assert isinstance(receive("x", jpeg()[:50], origin=ORIGIN, arrived_at=NOON), ImageMetadata)


def test_a_campaign_name_that_does_not_fit_is_named_in_the_error() -> None:
    origin = DeliveryMetadata(source=Source.BULK, campaign="No Such Name!")
    with pytest.raises(InvalidInputError, match="campaign"):
        receive("a.jpg", jpeg(), origin=origin, arrived_at=NOON)


def test_metadata_written_before_pictures_came_from_the_web_can_still_be_read() -> None:
    metadata = arrival("a.jpg", jpeg())
    older = json.loads(metadata.to_json())
    del older["web"]
    assert ImageMetadata.model_validate(older) == metadata
