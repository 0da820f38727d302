"""The layout of the buckets: the only module that knows a key's form.

raw       images/<image_id> (its event feeds the catalog),
          metadata/<image_id>/<digest>.json (metadata too long to travel aboard; before the image),
          corrections/<image_id>/<number>.json,
          uploads/<contributor>/<client_id>.json (what a phone asked leave for),
          incoming/<contributor>/<client_id> (the bytes that it sent, until they are checked),
          refusals/<contributor>/<client_id>.json (that they were not those it asked for)
cleansed  images/<image_id>.jpg    (annotators can fetch whatever lies here, so nothing else does)
records   everything that cannot be rebuilt, besides images: batches, campaigns, votes, decisions
datasets  <campaign>/<version_id>/...
"""

import re
from collections.abc import Callable, Iterable

from farmy_assets.catalog.batches import batch_number
from farmy_assets.catalog.metadata import is_image_id

RAW_IMAGES = "images/"
RAW_METADATA = "metadata/"
CORRECTIONS = "corrections/"
INCOMING = "incoming/"
CLEANSED_IMAGES = "images/"
BATCHES = "batches/"
CAMPAIGNS = "campaigns/"
CLEANSED_SETS = "cleansed/"
EVALUATIONS = "evaluations/"
AGREEMENTS = "agreements/"
FORMER_EVALUATIONS = "judgements/"
GOLD_ANSWERS = "gold-answers/"
PREDICTION_USE = "prediction-use/"
CAMPAIGN_FIGURES = "campaign-figures/"
ALERTS = "alerts/state.json"
DUPLICATE_INDEX = "duplicates/index.json"
CORRECTION_KEY = re.compile(r"corrections/(?P<image_id>[^/]+)/(?P<number>[0-9]{6})\.json")
INCOMING_KEY = re.compile(
    r"incoming/(?P<contributor>[A-Za-z0-9_-]{3,64})/(?P<client_id>[A-Za-z0-9_-]{8,64})"
)

_LAST_NUMBER = re.compile(r"(\d{1,12})\.jsonl?\Z", re.ASCII)


def record_name(key: str) -> str:
    """The last part of a JSON record's key: mostly the batch that it is about."""
    return key.rpartition("/")[2].removesuffix(".json")


def numbers(found: Iterable[str], key_of: Callable[[int], str]) -> list[int]:
    """The numbers in keys that are numbered as we do, in order; foreign keys are left out.

    Args:
        found: Keys under the prefix.
        key_of: Makes the key of a number.
    """
    numbered = ((key, _LAST_NUMBER.search(key)) for key in found)
    read = [(key, int(match[1])) for key, match in numbered if match]
    return sorted(number for key, number in read if number and key_of(number) == key)


def raw_image(image_id: str) -> str:
    """The photograph's bytes, as they came."""
    return f"{RAW_IMAGES}{image_id}"


def raw_images_of(sha256: str) -> str:
    """The prefix of all images with this content: an image id begins with it."""
    return f"{RAW_IMAGES}{sha256[:32]}-"


def raw_metadata(image_id: str) -> str:
    """The photograph's metadata, where its object does not say where they lie (older ones)."""
    return f"{RAW_METADATA}{image_id}.json"


def metadata_beside(image_id: str, digest: str) -> str:
    """Metadata too long to travel aboard: named by their digest, which does travel aboard."""
    return f"{RAW_METADATA}{image_id}/{digest}.json"


def correction(image_id: str, number: int) -> str:
    """A correction of an image's metadata: the number is the lock."""
    return f"{CORRECTIONS}{image_id}/{number:06d}.json"


def correction_of_key(key: str) -> tuple[str, int] | None:
    """Image id and number in a correction's key; None when the key is not of our making."""
    match = CORRECTION_KEY.fullmatch(key)
    if match is None or not is_image_id(match["image_id"]):
        return None
    return match["image_id"], int(match["number"])


def upload(contributor: str, client_id: str) -> str:
    """What a contributor asked leave to upload, under the client's own id of it."""
    return f"uploads/{contributor}/{client_id}.json"


def incoming(contributor: str, client_id: str) -> str:
    """The bytes of an upload, under a key of the request, until they are checked."""
    return f"{INCOMING}{contributor}/{client_id}"


def upload_of_incoming_key(key: str) -> tuple[str, str] | None:
    """Contributor and client id in the key of incoming bytes; None when it is no such key."""
    match = INCOMING_KEY.fullmatch(key)
    return (match["contributor"], match["client_id"]) if match else None


def refusal(contributor: str, client_id: str) -> str:
    """That the bytes of an upload were not those that it was asked for."""
    return f"refusals/{contributor}/{client_id}.json"


def contributor(name: str = "") -> str:
    """Who may upload; without a name, the prefix of all."""
    return "contributors/" + (f"{name}.json" if name else "")


def image_id_of_raw_key(key: str) -> str | None:
    """The image id in a raw image key; None when the key is not of our making."""
    image_id = key.removeprefix(RAW_IMAGES)
    return image_id if key.startswith(RAW_IMAGES) and is_image_id(image_id) else None


def cleansed_image(image_id: str) -> str:
    """The normalised copy that annotators see."""
    return f"{CLEANSED_IMAGES}{image_id}.jpg"


def batch(number: int) -> str:
    """The manifest of the batch with this number: the number is the lock."""
    return f"{BATCHES}{number:06d}.json"


def batch_of_id(batch_id: str) -> str:
    """The manifest of the batch with this id."""
    return batch(batch_number(batch_id))


def ingest_report(campaign: str, digest: str) -> str:
    """What one import stored and refused."""
    return f"ingests/{campaign}/{digest}.json"


def scrape_jobs(scraper: str, number: int | None = None) -> str:
    """That a scraper's job began: the number is the lock; without a number, the prefix of all."""
    return f"scrapes/{scraper}/jobs/" + (f"{number:06d}.json" if number else "")


def scraped_pages(scraper: str, number: int, digest: str = "") -> str:
    """A page that a job is done with; without a digest, the prefix of all."""
    return f"scrapes/{scraper}/pages/{number:06d}/" + (f"{digest}.json" if digest else "")


def scrape_report(scraper: str, number: int) -> str:
    """What a job brought: written last, so a job without one is not at its end."""
    return f"scrapes/{scraper}/reports/{number:06d}.json"


def remembered_image(digest: str) -> str:
    """What a site said of a picture when it was last fetched, by the digest of its address."""
    return f"web-images/{digest[:2]}/{digest}.json"


def described_batch(batch_id: str) -> str:
    """What a batch's later steps need of its catalog entries."""
    return f"described-batches/{batch_id}.json"


def quality(batch_id: str) -> str:
    """One row an image: what the checks measured."""
    return f"quality/{batch_id}.parquet"


def cleansing_report(batch_id: str) -> str:
    """The page for people about a batch's verdicts."""
    return f"cleansing-reports/{batch_id}.html"


def cleansed_set(campaign: str, batch_id: str = "") -> str:
    """What became of each image of a batch; without a batch, the prefix of all of a campaign."""
    return f"{CLEANSED_SETS}{campaign}/" + (f"{batch_id}.json" if batch_id else "")


def unfiled_cleansed_set(batch_id: str) -> str:
    """Where earlier versions wrote a batch's cleansed set: beside the campaigns' folders."""
    return f"{CLEANSED_SETS}{batch_id}.json"


def fingerprints(digest: str) -> str:
    """A segment of the fingerprints of kept images, named by its content."""
    return f"duplicates/segments/{digest}.parquet"


def campaign_versions(name: str) -> str:
    """The prefix under which all versions of one campaign lie."""
    return f"{CAMPAIGNS}{name}/"


def campaign_version(name: str, version: int) -> str:
    """One version of a campaign's rules."""
    return f"{campaign_versions(name)}{version:04d}.json"


def assignments(campaign: str, batch_id: str = "") -> str:
    """Who gets which images of a batch; without a batch, the prefix of all."""
    return f"assignments/{campaign}/" + (f"{batch_id}.json" if batch_id else "")


def sharing(campaign: str, phase: str) -> str:
    """The counters of what a campaign has given out in a phase."""
    return f"sharing/{phase}/{campaign}.json"


def choice(campaign: str, batch_id: str = "") -> str:
    """Which of a batch's images a campaign's query chose; without a batch, the prefix of all."""
    return f"choices/{campaign}/" + (f"{batch_id}.json" if batch_id else "")


def pending_work(campaign: str) -> str:
    """What a campaign's tasks do not follow yet: new people, images chosen again."""
    return f"pending/{campaign}.json"


def placements(campaign: str, batch_id: str) -> str:
    """Where a batch's tasks were put in Label Studio."""
    return f"placements/{campaign}/{batch_id}.json"


def votes(campaign: str, digest: str = "") -> str:
    """Votes copied out together by older versions; without a digest, the prefix of all votes."""
    return f"votes/{campaign}/" + (f"{digest}.jsonl" if digest else "")


def vote_log(campaign: str, number: int) -> str:
    """Votes that were copied out together: the number is the lock."""
    return f"votes/{campaign}/log/{number:08d}.jsonl"


def submissions(campaign: str, name: str = "") -> str:
    """What Label Studio held of votes that were copied together; without a name, the prefix."""
    return f"submissions/{campaign}/" + (f"{name}.jsonl.gz" if name else "")


def copied_inboxes(campaign: str) -> str:
    """How a campaign's inboxes looked when votes were last copied out."""
    return f"copied/{campaign}.json"


def campaign_state(campaign: str) -> str:
    """A campaign's evaluation as older versions kept it: one record of all its images."""
    return f"{FORMER_EVALUATIONS}{campaign}.json"


def evaluation_page(campaign: str, layout: str, name: str) -> str:
    """What is known of those images whose hashed ids begin with the page's name."""
    return f"{evaluation_pages(campaign, layout)}{name}.jsonl"


def evaluation_pages(campaign: str, layout: str = "") -> str:
    """The prefix of a campaign's pages of one layout; without it, of all."""
    return f"{EVALUATIONS}{campaign}/pages/" + (f"{layout}/" if layout else "")


def evaluation_inputs(campaign: str) -> str:
    """Which records a campaign's pages take into account, and what is counted in each page."""
    return f"{EVALUATIONS}{campaign}/inputs.json"


def evaluation_summary(campaign: str) -> str:
    """How far a campaign is, in one small record."""
    return f"{EVALUATIONS}{campaign}/summary.json"


def agreement_page(campaign: str, layout: str, name: str) -> str:
    """How far people agree on the images of one page of the evaluation."""
    return f"{agreement_pages(campaign, layout)}{name}.jsonl"


def agreement_pages(campaign: str, layout: str = "") -> str:
    """The prefix of the agreement's pages of one layout; without it, of all."""
    return f"{AGREEMENTS}{campaign}/pages/" + (f"{layout}/" if layout else "")


def agreement_inputs(campaign: str) -> str:
    """Which pages of the evaluation a campaign's agreement was made from."""
    return f"{AGREEMENTS}{campaign}/inputs.json"


def agreement_figures(campaign: str = "") -> str:
    """How far the people of a campaign agree, in figures; without a campaign the prefix of all."""
    return f"agreement-figures/{campaign}.json" if campaign else "agreement-figures/"


def annotator_skills(campaign: str) -> str:
    """What the votes of a campaign tell of its annotators."""
    return f"{AGREEMENTS}{campaign}/skills.json"


def campaign_figures(campaign: str) -> str:
    """The figures of a campaign, which tables and pages are made of."""
    return f"{CAMPAIGN_FIGURES}{campaign}/figures.json"


def counted_figures(campaign: str) -> str:
    """What the figures of a campaign are sums of: by page, by batch, by version."""
    return f"{CAMPAIGN_FIGURES}{campaign}/counted.json"


def campaign_page(campaign: str, path: str = "") -> str:
    """A file of a campaign's page; without a path, the prefix of all of them."""
    return f"campaign-pages/{campaign}/{path}"


def made_page(campaign: str) -> str:
    """That a campaign's page was made, and its main figures."""
    return campaign_page(campaign, "MADE.json")


def adjudication(campaign: str) -> str:
    """Which conflicts older versions handed to the adjudicator."""
    return f"adjudication/{campaign}.json"


def adjudication_log(campaign: str, number: int) -> str:
    """Conflicts that were handed to the adjudicator together: the number is the lock."""
    return f"adjudication/{campaign}/{number:06d}.json"


def review_log(campaign: str, number: int) -> str:
    """Images that were reopened, or drawn for a review, together: the number is the lock."""
    return f"reviews/{campaign}/{number:06d}.json"


def triage_questions(campaign: str, batch_id: str = "") -> str:
    """Which flagged images of a batch were put before people; without a batch, of all."""
    return f"triage/{campaign}/" + (f"{batch_id}.json" if batch_id else "")


def rulings(campaign: str, digest: str = "") -> str:
    """What people said of flagged images and duplicates; without a digest, the prefix of all."""
    return f"rulings/{campaign}/" + (f"{digest}.jsonl" if digest else "")


def copied_triage(campaign: str) -> str:
    """How a campaign's triage inboxes looked when answers were last copied out."""
    return f"copied-triage/{campaign}.json"


def overturn_rates(campaign: str) -> str:
    """How often people overruled each check; follows from questions and rulings."""
    return f"overturns/{campaign}.json"


def dataset_versions(campaign: str) -> str:
    """The prefix under which all versions of a campaign's data set are frozen."""
    return f"dataset-versions/{campaign}/"


def released(campaign: str) -> str:
    """What the newest version of a campaign's data set was made of, in one small record."""
    return f"released/{campaign}.json"


def flagged(campaign: str) -> str:
    """What rulings leave to do for a campaign's cleansed sets; follows from both."""
    return f"flagged/{campaign}.json"


def dataset_version(campaign: str, number: int) -> str:
    """The frozen version with this number: the number is the lock."""
    return f"{dataset_versions(campaign)}{number:04d}.json"


def dataset(campaign: str, version_id: str, path: str) -> str:
    """A file of a data set version, in the bucket for data sets."""
    return f"{campaign}/{version_id}/{path}"


def prediction_model(campaign: str, model: str) -> str:
    """What a campaign calls a model by this name; written once."""
    return f"predictions/{campaign}/{model}/model.json"


def predictions(campaign: str, model: str, batch_id: str, number: int) -> str:
    """Predictions of one model on images of one batch: the number is the lock."""
    return f"predictions/{campaign}/{model}/images/{batch_id}/{number:06d}.jsonl"


def shown_predictions(campaign: str, batch_id: str = "") -> str:
    """Which tasks of a batch show whose predictions; without a batch, the prefix of all."""
    return f"shown-predictions/{campaign}/" + (f"{batch_id}.json" if batch_id else "")


def prediction_use(campaign: str, number: int) -> str:
    """What the votes of this number of the log made of the predictions that they were shown."""
    return f"{PREDICTION_USE}{campaign}/{number:08d}.jsonl"


def prediction_use_summary(campaign: str) -> str:
    """What people made of predictions, in one small record."""
    return f"prediction-use-counts/{campaign}.json"


def contact_sheet(asset: str, partition: str) -> str:
    """The full contact sheet of an asset's partition."""
    return f"contact-sheets/{asset}/{partition}.jpg"


def snapshot(table: str) -> str:
    """The prefix of all that belongs to a table."""
    return f"snapshots/{table}/"


def snapshot_manifest(table: str) -> str:
    """Which files a table of the query layer consists of just now."""
    return f"snapshots/{table}/MANIFEST.json"


def snapshot_links(table: str, generation: str) -> str:
    """The folder of the list of a table's files, which Athena reads."""
    return f"snapshots/{table}/links/{generation}/"


def snapshot_file(table: str, day: str, digest: str) -> str:
    """Rows of one day of a table, named by their content."""
    return f"snapshots/{table}/data/dt={day}/{digest}.parquet"


def gold_changes(campaign: str, number: int) -> str:
    """Which images became gold, or were retired, at one time: the number is the lock."""
    return f"gold/{campaign}/changes/{number:06d}.json"


def gold_given(campaign: str) -> str:
    """Who was given which image as gold."""
    return f"gold/{campaign}/given.json"


def gold_scores(campaign: str) -> str:
    """What is counted over all gold answers of a campaign."""
    return f"gold/{campaign}/scores.json"


def gold_answers(campaign: str, person: str = "") -> str:
    """A person's gold answers, compared with the known ones; without a person, of all."""
    return f"{GOLD_ANSWERS}{campaign}/" + (f"{person}.json" if person else "")


def pauses(campaign: str, number: int) -> str:
    """That somebody was paused, or works again: the number is the lock."""
    return f"pauses/{campaign}/{number:06d}.json"
