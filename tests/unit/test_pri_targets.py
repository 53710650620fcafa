"""What a PRI request's addresses and packaging info mean."""

from datetime import timedelta

import pytest

from telecine.apis.findings import Findings
from telecine.apis.pri.mapping import content_folder, merged, plain, status_of
from telecine.apis.pri.schema import AssetRequest, DrmEntry, PackagingInfo
from telecine.apis.pri.targets import Group, Tree, choose, manifests, read_format
from telecine.apis.pri.uris import Place, asset_key, folder, read_uri
from telecine.core.errors import TelecineError
from telecine.core.job import Format, Protection
from telecine.core.states import JobState

ALL = tuple(Format)
ONE = Group("one", ALL, segment_seconds=6, protection=Protection(skip_audio=True), retention=timedelta(days=1))
CLEAR = Group("clear", ALL)
HLS_ONLY = Group("hls", (Format.HLS,))
GROUPS = {group.name: group for group in (ONE, CLEAR, HLS_ONLY)}


def info(*entries):
    return [PackagingInfo(packagingGroupId=group, packagingFormat=name) for group, name in entries]


def drm(*entries):
    return [DrmEntry(drmId=key, packagingFormat=name) for key, name in entries]


def made(entries, keys=(), groups=GROUPS):
    """Folder, group and key id (None: in the clear) of every tree, and the warnings."""
    found = Findings()
    chosen = choose(info(*entries) if entries is not None else None, drm(*keys), groups, found)
    found.settle()
    trees = [
        (one.target.folder, one.group.name, one.target.protection and one.target.protection.key_id) for one in chosen
    ]
    return trees, found.warnings


def faults(entries, keys=(), groups=GROUPS):
    with pytest.raises(TelecineError) as raised:
        made(entries, keys, groups)
    return [error.field for error in getattr(raised.value, "errors", (raised.value,))]


class TestAddresses:
    @pytest.mark.parametrize(
        ("uri", "bucket", "key"),
        [
            ("s3://s3.amazonaws.com/bucket/a/b/", "bucket", "a/b/"),
            ("as3://s3.amazonaws.com/bucket/a/b/", "bucket", "a/b/"),
            ("s3://bucket/a/b.m3u8", "bucket", "a/b.m3u8"),
            ("S3://Bucket/a", "Bucket", "a"),
            ("s3://s3.eu-west-1.amazonaws.com/bucket/a", "bucket", "a"),
            ("s3://s3-eu-west-1.amazonaws.com/bucket/a", "bucket", "a"),
            ("s3://store.example.com:9000/bucket/a", "bucket", "a"),
            ("s3://bucket/a?b#c%20d é", "bucket", "a?b#c%20d é"),
            ("  as3://bucket/a  ", "bucket", "a"),
            ("s3://bucket", "bucket", ""),
            ("s3://bucket/", "bucket", ""),
            ("s3://s3.amazonaws.com/bucket", "bucket", ""),
        ],
    )
    def test_both_schemes_and_both_spellings(self, uri, bucket, key):
        found = Findings()
        assert read_uri(uri, "sourceUri", "store.example.com", found) == Place(bucket, key)
        assert found.errors == []

    @pytest.mark.parametrize(
        "uri",
        [
            *("", "bucket/a", "/bucket/a", "http://bucket/a", "s4://bucket/a", "s3:/bucket/a", "s3://", "s3:///a"),
            *(
                "s3://s3.amazonaws.com",
                "s3://s3.amazonaws.com/",
                "s3://b/a//b",
                "s3://b/../a",
                "s3://b/a/.",
                "s3://b//",
            ),
            *("s3://b/a\\b", "s3://b/a\nb", "s3://b/" + "é" * 451),
        ],
    )
    def test_what_is_no_address(self, uri):
        found = Findings()
        assert read_uri(uri, "sourceUri", "", found) is None
        assert [error.field for error in found.errors] == ["sourceUri"]

    @pytest.mark.parametrize(
        ("key", "meant"),
        [
            *(("a/b/", "a/b/"), ("a/b", "a/b/"), ("a/b.v2", "a/b.v2/"), ("a/b.M3U8", "a/b.M3U8"), ("b.mpd", "b.mpd")),
            *(("a/b.mp4", "a/b.mp4"), ("a/b.mp4/", "a/b.mp4/")),
        ],
    )
    def test_a_source_without_the_name_of_a_media_file_is_a_folder(self, key, meant):
        assert asset_key(Place("b", key), "sourceUri", Findings()) == meant

    @pytest.mark.parametrize("key", ["", "/"])
    def test_a_whole_bucket_is_no_source(self, key):
        found = Findings()
        asset_key(Place("b", key), "sourceUri", found)
        assert found.errors

    def test_a_destination_has_no_slash_at_its_ends(self):
        assert [folder(Place("b", key)) for key in ("a/b/", "a/b", "")] == ["a/b", "a/b", ""]


class TestFormats:
    @pytest.mark.parametrize(
        ("text", "name"),
        [("HLS", "hls"), ("dash", "dash"), ("CMAF", "cmaf"), ("HLS_2", "hls_2"), ("Hls_4k_b", "hls_4k_b")],
    )
    def test_each_suffix_is_a_tree_of_its_own(self, text, name):
        assert read_format(text).folder == name

    @pytest.mark.parametrize("text", ["", "SS", "SS_1", "HLS2", "HLS_", "HLS-2", "HLS_é", "HLS_/..", "MPEG-DASH"])
    def test_others_are_none(self, text):
        assert read_format(text) is None


class TestTrees:
    def test_a_format_is_packaged_by_its_group(self):
        found = Findings()
        [one] = choose(info(("one", "HLS")), None, GROUPS, found)
        assert (one.target.format, one.target.folder, one.target.segment_seconds) == (Format.HLS, "hls", 6)
        assert one.target.protection == Protection(skip_audio=True)

    def test_an_entry_without_a_format_is_for_all_that_have_none_of_their_own(self):
        assert made([("one", None), ("clear", "DASH")])[0] == [
            ("hls", "one", ""),
            ("cmaf", "one", ""),
            ("dash", "clear", None),
        ]

    def test_a_suffixed_format_is_none_of_those(self):
        assert [tree for tree, *_ in made([("hls", None), ("hls", "HLS_2"), ("clear", "DASH")])[0]] == [
            *("hls", "hls_2", "dash"),
        ]

    def test_without_packaging_info_the_sites_only_group_is_meant(self):
        for nothing in (None, []):
            assert made(nothing, groups={"hls": HLS_ONLY})[0] == [("hls", "hls", None)]
            assert faults(nothing) == ["packagingInfo"]
            assert faults(nothing, groups={}) == ["packagingInfo"]

    @pytest.mark.parametrize(
        ("entries", "field"),
        [
            ([("nope", "HLS")], "packagingInfo[0].packagingGroupId"),
            ([("one", "SS")], "packagingInfo[0].packagingFormat"),
            ([("hls", "DASH")], "packagingInfo[0].packagingFormat"),
            ([("one", "HLS"), ("clear", "hls")], "packagingInfo[1].packagingFormat"),
            ([("one", None), ("clear", None)], "packagingInfo[1].packagingFormat"),
        ],
    )
    def test_what_cannot_be_is_named(self, entries, field):
        assert faults(entries) == [field]


class TestKeys:
    def test_an_entry_is_for_its_format_and_one_without_for_the_rest(self):
        trees, _ = made([("one", None), ("one", "HLS_2")], [("k1", "hls"), ("k2", None)])
        assert trees == [("dash", "one", "k2"), ("hls", "one", "k1"), ("cmaf", "one", "k2"), ("hls_2", "one", "k2")]

    def test_without_an_entry_the_group_encrypts_under_the_assets_own_name(self):
        assert made([("one", "HLS"), ("one", "DASH")], [("k", "DASH")])[0] == [("hls", "one", ""), ("dash", "one", "k")]

    def test_who_asks_for_protection_gets_it_although_the_group_says_nothing_of_it(self):
        trees, [warning] = made([("clear", "HLS")], [("k", "HLS")])
        assert trees == [("hls", "clear", "k")]
        assert "clear sets no encryption" in warning

    def test_an_entry_for_a_format_that_is_not_made_is_a_warning(self):
        trees, warnings = made([("one", "HLS")], [("k", "HLS"), ("k", "SS_1"), ("k", "DASH")])
        assert trees == [("hls", "one", "k")]
        assert [warning.split("'")[3] for warning in warnings] == ["ss_1", "dash"]

    @pytest.mark.parametrize("name", ["HLS", None])
    def test_two_entries_for_one_format(self, name):
        assert faults([("one", "HLS")], [("k", name), ("l", name and name.lower())]) == ["drm[1].packagingFormat"]


class TestManifests:
    def test_they_are_named_by_what_they_are_to_a_viewer(self):
        trees = [Tree(Format.HLS), Tree(Format.DASH), Tree(Format.HLS, "_2")]
        assert manifests(trees) == {
            "HLS": "hls/master.m3u8",
            "DASH": "dash/stream.mpd",
            "HLS_2": "hls_2/master.m3u8",
        }

    def test_a_cmaf_tree_is_both(self):
        assert manifests([Tree(Format.CMAF)]) == {"DASH": "cmaf/stream.mpd", "HLS": "cmaf/master.m3u8"}

    def test_beside_a_tree_of_that_name_it_has_a_longer_one(self):
        assert manifests([Tree(Format.CMAF), Tree(Format.HLS)]) == {
            "DASH": "cmaf/stream.mpd",
            "CMAF_HLS": "cmaf/master.m3u8",
            "HLS": "hls/master.m3u8",
        }


class TestWords:
    def test_every_state_has_one_of_the_documents_words(self):
        words = {state: status_of(state, False) for state in JobState}
        assert words[JobState.QUEUED] == "Scheduled"
        assert words[JobState.COMPLETE] == "Completed"
        assert words[JobState.ERROR] == "Failed"
        assert words[JobState.STOPPED] == "Cancelled"
        assert {word for state, word in words.items() if state not in (
            JobState.QUEUED, JobState.COMPLETE, JobState.ERROR, JobState.STOPPED)} == {"InProgress"}  # fmt: skip
        assert status_of(JobState.COMPLETE, True) == "Expired"

    def test_a_plain_id_is_the_folder_and_any_other_has_a_folder_of_its_own(self):
        for plain_id in ("ltcu_eventp1", "A-1.b", "0"):
            assert content_folder(plain_id) == plain_id
        odd = ["a b", "a  b", "a_b c", "..", ".hidden", "-x", "é", "한국", "a\\b", "x" * 101, "a b".upper()]
        folders = [content_folder(one) for one in odd]
        assert len(set(folders)) == len(odd)
        assert all(one[0].isalnum() and one.isascii() and "/" not in one for one in folders)
        assert max(map(len, folders)) <= 100

    def test_two_spellings_of_one_request_are_one(self):
        first = {"id": "a", "sourceUri": "s3://b/c", "priority": "2", "Drm": [{"drmId": "k"}], "name": None, "x": 1}
        second = {"sourceUri": "s3://b/c", "drm": [{"drmId": "k", "packagingFormat": ""}], "priority": 2, "id": "a"}
        assert plain(AssetRequest.model_validate(first)) == plain(AssetRequest.model_validate(second))

    def test_what_answers_add_to_metadata_is_not_taken_back(self):
        pairs = [{"key": "a", "value": 1}, {"key": "ConsumptionUrl_HLS", "value": "http://x"}, {"key": "b"}]
        request = AssetRequest.model_validate({"id": "a", "sourceUri": "s3://b/c", "metadata": pairs})
        assert plain(request)["metadata"] == [{"key": "a", "value": 1}, {"value": None, "key": "b"}]

    def test_metadata_is_updated_key_by_key(self):
        present = {"id": "a", "metadata": [{"key": "x", "value": "1"}, {"key": "y", "value": "2"}], "name": "n"}
        update = {"metadata": [{"key": "y", "value": "3"}, {"key": "x", "value": None}, {"key": "z", "value": "4"}]}
        after = merged(present, update)
        assert after["metadata"] == [{"key": "y", "value": "3"}, {"key": "z", "value": "4"}]
        assert after["name"] == "n"
