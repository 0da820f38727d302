"""The tables people query, each column with its type and its meaning: the one source of both.

Files, Dagster's metadata and `farmy query --tables` are all made of this. Moments are in UTC.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from farmy_assets.cleansing.checks import valued_checks

_TEXT, _INT, _FLOAT = pa.string(), pa.int64(), pa.float64()
_MOMENT, _TEXTS = pa.timestamp("ms"), pa.list_(pa.string())
_SQL_NAMES = {_TEXT: "varchar", _INT: "bigint", _FLOAT: "double", _MOMENT: "timestamp"}


@dataclass(frozen=True)
class Column:
    """One column: its name, its Arrow type, and what it means."""

    name: str
    type: pa.DataType
    meaning: str

    @property
    def sql_type(self) -> str:
        """The type in Athena's words for a query."""
        return _SQL_NAMES.get(self.type, "array(varchar)")


@dataclass(frozen=True)
class Table:
    """One table: what a row is, which assets it is made from, and its columns.

    `made_from` names, for Dagster's lineage, the upstream assets.
    """

    name: str
    meaning: str
    made_from: tuple[str, ...]
    own_columns: tuple[Column, ...]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The table's own columns, then the two that every table has."""
        return (*self.own_columns, *_EVERYWHERE)

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns as Arrow has them, with their meanings."""
        return pa.schema(
            [pa.field(c.name, c.type, metadata={"comment": c.meaning}) for c in self.columns]
        )

    @property
    def digest(self) -> str:
        """Changes with the columns: a snapshot of another digest is made anew."""
        columns = ",".join(f"{c.name} {c.type}" for c in self.columns)
        return hashlib.sha256(columns.encode()).hexdigest()[:16]


_EVERYWHERE = (
    Column("source", _TEXT, "the record that the row was read from"),
    Column("dt", _TEXT, "the row's day, YYYY-MM-DD, in UTC: the partition"),
)
_IMAGE = Column("image_id", _TEXT, "the image: its content and its origin")
_CAMPAIGN = Column("campaign", _TEXT, "the campaign that the row is about")
_BATCH = Column("batch_id", _TEXT, "the sealed batch that the image is in")
_CHOICES = Column("choices", _TEXT, "the answers about the image, as JSON: name to value")
_ATTRIBUTES = Column(
    "attributes", _TEXTS, "the answers about each region, as JSON, in the order of labels"
)
_EDGES = tuple(
    Column(name, _FLOAT, f"the {edge} edge of its bounds, in pixels of the image shown")
    for name, edge in (
        ("x_min", "left"), ("y_min", "upper"), ("x_max", "right"), ("y_max", "lower"),
    )
)  # fmt: skip

TABLES = {
    table.name: table
    for table in (
        Table(
            "images", "one row an image that is in a batch or waits for one", ("catalog_entries",),
            (
                _IMAGE,
                Column("campaign", _TEXT, "the campaign that it came for; memberships has all"),
                Column("batch_id", _TEXT, "the batch of that campaign that it is in"),
                Column("state", _TEXT, "present or deleted, when the row was read"),
                Column("original_name", _TEXT, "the file's name at its arrival"),
                Column("origin", _TEXT, "the way it came: mobile, scraper or bulk"),
                Column("crop", _TEXT, "the crop: the photograph's own, or else its campaign's"),
                Column("field", _TEXT, "the field"),
                Column("device", _TEXT, "the camera or telephone"),
                Column("licence", _TEXT, "the licence of the photograph"),
                Column("media_type", _TEXT, "the media type of the raw file"),
                Column("sha256", _TEXT, "digest of the raw bytes, hexadecimal"),
                Column("size_bytes", _INT, "size of the raw file"),
                Column("latitude_deg", _FLOAT, "WGS 84, coarsened to 0.01 degrees"),
                Column("longitude_deg", _FLOAT, "WGS 84, coarsened to 0.01 degrees"),
                Column("captured_at", _MOMENT, "when the photograph was taken"),
                Column("arrived_at", _MOMENT, "when it reached the lake"),
                Column("corrections", _INT, "how often its metadata were corrected"),
            ),
        ),
        Table(
            "memberships", "one row an image in each campaign that has it", ("raw_images",),
            (
                _IMAGE,
                Column("campaign", _TEXT, "the campaign that has the image"),
                Column("batch_id", _TEXT, "the campaign's batch that the image is in"),
                Column("kind", _TEXT, "own: it came for this campaign; included: for another"),
                Column("joined_at", _MOMENT, "when the batch was sealed"),
            ),
        ),
        Table(
            "image_checks", "one row an image of a batch that was checked", ("image_quality",),
            (
                _IMAGE, Column("batch_id", _TEXT, "the batch; each campaign's is another"),
                Column("status", _TEXT, "fit, held or rejected"),
                Column("verdict", _TEXT, "the worst verdict of its checks: pass, warn or fail"),
                Column("reasons", _TEXTS, "the checks behind the verdict"),
                Column("warnings", _TEXTS, "the checks that warn"),
                Column("detail", _TEXT, "what exactly is wrong with the bytes"),
                Column("file_format", _TEXT, "the format that the bytes are in"),
                Column("width_px", _INT, "width of the upright picture"),
                Column("height_px", _INT, "height of the upright picture"),
                Column("pixel_hash", _TEXT, "digest of what is to be seen"),
                Column("phash", _TEXT, "perceptual hash, 16 hexadecimal digits"),
                Column("dhash", _TEXT, "difference hash, 16 hexadecimal digits"),
                Column("rule_version", _TEXT, "the thresholds that were applied"),
                *(
                    Column(check.name, _FLOAT, f"the value of the check {check.name}")
                    for check in valued_checks()
                ),
            ),
        ),
        Table(
            "duplicates", "one row an image that another one stands for", ("cleansed_set",),
            (
                _IMAGE, _CAMPAIGN, _BATCH,
                Column("duplicate_of", _TEXT, "the image that is kept in its place"),
                Column("kind", _TEXT, "exact_duplicate or near_duplicate"),
                Column("how", _TEXT, "exact copy, near copy, cut copy, framed copy and so on"),
            ),
        ),
        Table(
            "assignments", "one row an image in one person's inbox", ("annotation_tasks",),
            (
                _IMAGE, _CAMPAIGN, _BATCH,
                Column("phase", _TEXT, "annotation, adjudication, correction or review"),
                Column("person", _TEXT, "who was asked"),
                Column("task_key", _TEXT, "the task's name in every inbox"),
                Column("from_day", _TEXT, "the first day in the inbox, where days count"),
                Column("replaces", _TEXT, "who skipped the image before"),
            ),
        ),
        Table(
            "votes", "one row a submission; a later edit is a row of its own", ("annotations",),
            (
                Column("vote_id", _TEXT, "the submission"), _IMAGE, _CAMPAIGN,
                Column("phase", _TEXT, "annotation, adjudication, correction or review"),
                Column("person", _TEXT, "the author; null for somebody not of the campaign"),
                Column("task_key", _TEXT, "the task that was answered"),
                Column("outcome", _TEXT, "submitted, skipped or withdrawn"),
                Column("skip_reason", _TEXT, "why the author could not label the image"),
                Column("submitted_at", _MOMENT, "when it was submitted"),
                Column("lead_time_s", _FLOAT, "seconds that the author worked on it"),
                Column("regions", _INT, "how many regions were drawn"),
                Column("boxes", _INT, "how many of them are boxes"),
                Column("problems", _TEXTS, "what could not be understood"),
                _CHOICES,
            ),
        ),
        Table(
            "regions", "one row a region of a vote", ("annotations",),
            (
                Column("vote_id", _TEXT, "the submission that it is of"), _IMAGE, _CAMPAIGN,
                Column("person", _TEXT, "the author"),
                Column("label", _TEXT, "the class"),
                Column("kind", _TEXT, "the kind of region: box and so on"), *_EDGES,
                Column("shape", _TEXT, "all of its coordinates, as JSON"),
                Column("region_id", _TEXT, "its id in Label Studio; null in older votes"),
                Column("attributes", _TEXT, "what was answered about it, as JSON: name to value"),
            ),
        ),
        Table(
            "conflicts", "one row a difference between votes on one image",
            ("annotation_conflicts",),
            (
                Column("conflict_id", _TEXT, "the conflict, as long as the same differs"),
                _IMAGE, _CAMPAIGN,
                Column("kind", _TEXT, "other_class, missed, extra, loose, attribute and so on"),
                Column("state", _TEXT, "open, settled or reopened"),
                Column("settled_how", _TEXT, "decision, left_out, quorum or other_answer"),
                Column("settled_by", _TEXT, "whose answer settled it; null for a quorum"),
                Column("opened_at", _MOMENT, "when the answer came with which it came up"),
                Column("settled_at", _MOMENT, "when the answer came that settled it"),
                Column("times_reopened", _INT, "how often it was open again"),
                Column("people", _TEXTS, "who differ"),
                Column("labels", _TEXTS, "the classes that they drew"),
                Column("iou", _FLOAT, "the lowest likeness of the regions, 0 to 1"),
                Column("sentence", _TEXT, "the conflict in words"),
                Column("question", _TEXT, "what was answered differently; null for other kinds"),
                Column("answers", _TEXTS, "what each of the people answered, as they are listed"),
            ),
        ),
        Table(
            "agreement_pairs", "one row two people of a campaign who answered the same images",
            ("agreement",),
            (
                _CAMPAIGN,
                Column("person_a", _TEXT, "one of them"),
                Column("person_b", _TEXT, "the other"),
                Column("images", _INT, "how many images both answered"),
                Column("f1", _FLOAT, "the share of their objects that both drew in one class"),
                Column("kappa", _FLOAT, "Cohen's kappa; null when it is undefined"),
                Column("kappa_low", _FLOAT, "lower end of its interval of 95 %"),
                Column("kappa_high", _FLOAT, "upper end of its interval of 95 %"),
            ),
        ),
        Table(
            "agreement_classes", "one row a class of a campaign, and one for all of them",
            ("agreement",),
            (
                _CAMPAIGN,
                Column("label", _TEXT, "the class; null for all classes"),
                Column("alpha", _FLOAT, "Krippendorff's alpha; null when it is undefined"),
                Column("alpha_low", _FLOAT, "lower end of its interval of 95 %"),
                Column("alpha_high", _FLOAT, "upper end of its interval of 95 %"),
                Column("images", _INT, "how many images two or more people answered"),
            ),
        ),
        Table(
            "consensus", "one row an image that people were asked about", ("consensus",),
            (
                _IMAGE, _CAMPAIGN,
                Column("status", _TEXT, "where its judgement stands"),
                Column("people", _TEXTS, "who were asked"),
                Column("waiting_for", _TEXTS, "whose answer is missing"),
                Column("labels", _TEXTS, "the class of each settled region"),
                Column("regions", _INT, "how many regions are settled"),
                Column("boxes", _INT, "how many of them are boxes"),
                Column("conflicts", _INT, "how many conflicts there were"),
                Column("decided_by", _TEXT, "the adjudicator, if one decided"),
                _CHOICES, _ATTRIBUTES,
            ),
        ),
        Table(
            "gold_answers", "one row a class in an answer to a task whose answer is known",
            ("gold_scores",),
            (
                _IMAGE, _CAMPAIGN,
                Column("person", _TEXT, "who answered"),
                Column("vote_id", _TEXT, "the answer; the latest of the person on the image"),
                Column("campaign_version", _INT, "the guideline that it was given under"),
                Column("outcome", _TEXT, "submitted or skipped; a skip finds nothing"),
                Column("submitted_at", _MOMENT, "when it was submitted"),
                Column("class_id", _INT, "the class; 0 where there is nothing to draw"),
                Column("label", _TEXT, "its name when the answer was compared"),
                Column("objects", _INT, "objects of the class in the known answer"),
                Column("hits", _INT, "drawn with this class"),
                Column("missed", _INT, "not drawn"),
                Column("other_class", _INT, "drawn with another class"),
                Column("mistaken", _INT, "objects of other classes drawn with this one"),
                Column("extras", _INT, "drawn with this class where there is nothing"),
            ),
        ),
        Table(
            "prediction_use", "one row a region that a model predicted or a person added to it",
            ("prediction_use",),
            (
                Column("vote_id", _TEXT, "the first answer to the task"), _IMAGE, _CAMPAIGN,
                Column("person", _TEXT, "the author"),
                Column("model", _TEXT, "the model with its version"),
                Column("use", _TEXT, "accepted, edited, relabelled, deleted or added"),
                Column("kind", _TEXT, "the kind of region"),
                Column("label", _TEXT, "the class that was predicted; of an added one, drawn"),
                Column("drawn_label", _TEXT, "the class that was drawn; null when deleted"),
                Column("score", _FLOAT, "how sure the model was, 0 to 1"),
                Column("likeness", _FLOAT, "of what was predicted and what was drawn, 0 to 1"),
                Column("submitted_at", _MOMENT, "when it was submitted"),
            ),
        ),
        Table(
            "dataset_versions", "one row an image of a data set version", ("dataset_version",),
            (
                Column("version_id", _TEXT, "the version"),
                Column("number", _INT, "the version's number in its campaign"), _IMAGE, _CAMPAIGN,
                Column("split", _TEXT, "train, val or test"),
                Column("settled_by", _TEXT, "single, agreed or adjudicated"),
                Column("regions", _INT, "how many regions it has"),
                Column("boxes", _INT, "how many of them are boxes"),
                Column("labels", _TEXTS, "the class of each region"),
                _CHOICES,
                _ATTRIBUTES,
            ),
        ),
        Table(
            "annotator_days", "one row a person, phase and day with answers", ("campaign_page",),
            (
                _CAMPAIGN,
                Column("phase", _TEXT, "annotation or adjudication"),
                Column("person", _TEXT, "who answered"),
                Column("day", _TEXT, "the day of a task's first answer, YYYY-MM-DD, in UTC"),
                Column("answers", _INT, "tasks that were answered"),
                Column("skipped", _INT, "how many of them are skipped as of now"),
                Column("changed", _INT, "later submissions of these tasks, on whatever day"),
                Column("lead_time_s", _FLOAT, "seconds of work, without outliers"),
                Column("cut_off", _INT, "answers of which more was measured than counts"),
                Column("untimed", _INT, "answers of which no time is known"),
            ),
        ),
        Table(
            "annotator_classes", "one row a person and class, over what several people answered",
            ("campaign_page",),
            (
                _CAMPAIGN,
                Column("person", _TEXT, "the annotator"),
                Column("label", _TEXT, "the class"),
                Column("agreed", _INT, "settled regions that he or she drew with this class"),
                Column("missed", _INT, "settled regions that he or she did not draw"),
                Column("other_class", _INT, "settled regions that he or she gave another class"),
                Column("extra", _INT, "regions that he or she drew where there is nothing"),
            ),
        ),
        Table(
            "campaign_progress", "one row a campaign and day with work", ("campaign_page",),
            (
                _CAMPAIGN,
                Column("day", _TEXT, "the day, YYYY-MM-DD, in UTC"),
                Column("answers", _INT, "tasks that annotators answered for the first time"),
                Column("decisions", _INT, "tasks that the adjudicator answered"),
                Column("images_settled", _INT, "images whose last vote is of this day"),
                Column("settled_so_far", _INT, "the same of this day and all before it"),
                Column("lead_time_s", _FLOAT, "seconds of everybody's work, without outliers"),
            ),
        ),
        Table(
            "runs", "one row a finished run of the platform's jobs", (),
            (
                Column("run_id", _TEXT, "Dagster's id of the run"),
                Column("job", _TEXT, "the job"),
                Column("partition", _TEXT, "the batch or campaign that it worked on"),
                Column("status", _TEXT, "SUCCESS, FAILURE or CANCELED"),
                Column("started_at", _MOMENT, "when it began"),
                Column("ended_at", _MOMENT, "when it ended"),
            ),
        ),
    )
}  # fmt: skip
