import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.config.home import Home
from archiver.config.settings import Settings, load_settings
from archiver.errors import ConfigurationError
from archiver.model.access import UrlPolicy


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Settings]:
    def load(text: str = "", **environ: str) -> Settings:
        home = Home(tmp_path)
        home.config_file.write_text(text, encoding="utf-8")
        return load_settings(home, environ)

    return load


def refusal(load: Callable[..., Settings], text: str = "", **environ: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        load(text, **environ)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_home_without_a_file_has_the_defaults(tmp_path: Path):
    assert load_settings(Home(tmp_path), {}) == Settings()


def test_the_file_goes_over_the_defaults_and_the_environment_over_the_file(load):
    text = "[network]\ntimeout = 5\nmax_redirects = 3\n[politeness]\ndelay = 0.5"
    settings = load(text, ARCHIVER_NETWORK__TIMEOUT="7", ARCHIVER_POLITENESS__CONCURRENCY="9")
    assert settings.network.timeout == 7
    assert settings.network.max_redirects == 3
    assert settings.politeness.delay == 0.5
    assert settings.politeness.concurrency == 9
    assert settings.network.max_size == Settings().network.max_size


def test_the_variables_that_tests_and_benches_rely_on_work(load):
    settings = load(
        ARCHIVER_NETWORK__ALLOW_PRIVATE='["127.0.0.0/8"]',
        ARCHIVER_NETWORK__CA_BUNDLE="/etc/ca.pem",
        ARCHIVER_POLITENESS__DELAY="0",
        ARCHIVER_POLITENESS__CONCURRENCY="16",
        ARCHIVER_POLITENESS__OBEY_ROBOTS="false",
        ARCHIVER_DATABASE__URL="postgresql+psycopg://archive@db/news",
        ARCHIVER_STORAGE__ROOT="/srv/warc",
    )
    assert settings.network.allow_private == ("127.0.0.0/8",)
    assert settings.network.ca_bundle == Path("/etc/ca.pem")
    assert settings.politeness.delay == 0
    assert settings.politeness.concurrency == 16
    assert settings.politeness.obey_robots is False
    assert settings.database.url == "postgresql+psycopg://archive@db/news"
    assert settings.storage.root == Path("/srv/warc")


@pytest.mark.parametrize(
    ("variable", "raw", "key", "value"),
    [
        ("ARCHIVER_NETWORK__MAX_SIZE", "10MiB", "max_size", 10 << 20),
        ("ARCHIVER_NETWORK__MAX_SIZE", "4096", "max_size", 4096),
        ("ARCHIVER_NETWORK__ALLOWED_PORTS", "[80, 443]", "allowed_ports", (80, 443)),
        ("ARCHIVER_NETWORK__TLS_STRICT", "yes", "tls_strict", True),
        ("ARCHIVER_NETWORK__TLS_STRICT", "0", "tls_strict", False),
        ("ARCHIVER_NETWORK__CA_BUNDLE", "", "ca_bundle", None),
        ("ARCHIVER_NETWORK__PROXY", "http://proxy:3128", "proxy", "http://proxy:3128"),
    ],
)
def test_a_variable_is_read_as_the_type_of_its_setting(
    load, variable: str, raw: str, key: str, value: object
):
    assert getattr(load(**{variable: raw}).network, key) == value


def test_a_variable_of_digits_can_be_text(load):
    assert load(ARCHIVER_IDENTITY__NAAN="12345").identity.naan == "12345"


def test_other_variables_are_none_of_our_business(load):
    assert load(ARCHIVER_HOME="/x", PATH="/bin", ARCHIVER_="", ARCHIVER_DEBUG="1") == Settings()


def test_sizes_may_be_written_with_units(load):
    assert load('[storage]\nsegment_bytes = "100MiB"').storage.segment_bytes == 100 << 20
    assert load("[storage]\nsegment_bytes = 104857600").storage.segment_bytes == 100 << 20


def test_settings_cannot_be_changed_after_loading(load):
    with pytest.raises(ValueError, match="frozen"):
        load().network.timeout = 3


FILE_ERRORS = {
    "[network]\ntimeuot = 3": "archiver.toml:2: timeuot is no setting in [network]; did you mean timeout?",
    "[netwrok]\ntimeout = 3": "archiver.toml:1: netwrok is no section; did you mean network?",
    "[zzz]": "archiver.toml:1: zzz is no section; there are network, politeness,",
    "timeout = 3": "archiver.toml:1: timeout is no section",
    "[network]\nzzz = 3": "archiver.toml:2: zzz is no setting in [network]; there are allow_private,",
    "network.zzz = 3": "archiver.toml:1: zzz is no setting",
    '\n\n[network]\n# x\ntimeout = "3"': 'archiver.toml:5: network.timeout = "3" should be a valid number',
    "[network]\ntimeout = 0": "network.timeout = 0 should be greater than 0",
    "[network]\ntimeout = inf": "should be a finite number",
    "[network]\nallow_private = ['127.0.0.1/8']": "is an address within a network; write 127.0.0.0/8",
    "[network]\nallow_private = ['10/8']": '[0] = "10/8" is no network; write it as 192.168.0.0/16',
    "[network]\nallow_private = '10.0.0.0/8'": "should be a list",
    "[network]\nallowed_ports = [80, 70000]": "[1] = 70000 should be less than or equal to 65535",
    "[network]\nproxy = 'proxy'": "must be http://host:port",
    "[network]\nproxy = 'socks5://h:1'": "must be http://host:port",
    "[network]\nproxy = 'http://h:1x'": "must be http://host:port",
    "[network]\nproxy = 'https://h:1'": "must be http://host:port",
    "[network]\nproxy = 'http://me:pw@h:1'": "must be http://host:port, without user name and password",
    "[network]\nmax_size = 'big'": "could not parse value and unit",
    "[storage]\nfree_floor = 'lots'": '"lots" should be a size such as "1GiB", or a number of bytes',
    "[storage]\nfree_floor = '5 lots'": '"5 lots" should be a size such as "1GiB", or a number of bytes',
    "[storage]\nsegment_age = -1": "-1 should be greater than 0. About this setting: A WARC file is",
    "[service]\ngrace = 3601": "should be less than or equal to 3600",
    "[trust]\ntimestamp_authorities = ['ftp://x']": '[0] = "ftp://x" must be a web address such as https://',
    "[trust]\ntimestamp_authorities = ['https://']": '[0] = "https://" must be a web address such as https://',
    "[trust]\ntimestamp_authorities = ['tsa.org']": "must be a web address such as https://freetsa.org/tsr",
    "[web]\nport = 8081": "archiver.toml:2: web.port and web.replay_port are both 8081",
    "[web]\nreplay_port = 8080": "archiver.toml:2: web.port and web.replay_port are both 8080",
    "[web]\nport = 9\nreplay_port = 9": "archiver.toml:3: web.port and web.replay_port are both 9",
    "[politeness]\nobey_robots = 'no'":
        'obey_robots = "no" should be a valid boolean. About this setting: Fetch nothing that',
    "[politeness]\nconcurrency = 0": "should be greater than or equal to 1",
    "[politeness]\nuser_agent = \"a\\r\\nX: y\"": "must be one line without control characters",
    "[politeness]\ncontact = 'me'": "must be a URL (https://...) or a mail address",
    "[database]\nurl = 'mysql://x/y'": "must be sqlite:///FILE or postgresql+psycopg://",
    "[database]\nurl = 'sqlite://'": "must be sqlite:///FILE",
    "[database]\nurl = 'sqlite:///'": "names no file",
    "[pictures]\npolicy = 'some'": "should be 'standard', 'all' or 'none'",
    "[capture]\nnoarchive = 1": "should be 'record' or 'skip'",
    "[identity]\nnaan = 'x'": "naan",
    "network = 3": "archiver.toml:1: network = 3 should be a section of its own",
    "[storage]\nroot = 1979-05-27": 'storage.root = {"date": "1979-05-27"} should be a valid string',
    "[network": "is not TOML: Expected ']' at the end of a table declaration (at",
    "a = 1\na = 2": "is not TOML: Cannot overwrite a value (at",
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), FILE_ERRORS.items())
def test_a_mistake_in_the_file_is_named_with_its_place_and_what_is_allowed(load, text: str, message: str):
    assert message in refusal(load, text)


@pytest.mark.parametrize(
    ("variable", "raw", "message"),
    [
        ("ARCHIVER_NETWORK__TIMEUOT", "3", "timeuot is no setting in [network]; did you mean timeout?"),
        ("ARCHIVER_NETWROK__TIMEOUT", "3", "netwrok is no section; did you mean network?"),
        ("ARCHIVER_NETWORK_TIMEOUT", "3", "is no setting; write ARCHIVER_NETWORK__TIMEOUT"),
        ("ARCHIVER_NETWORK__TIMEOUT", "soon", 'network.timeout = "soon" should be a valid number'),
        ("ARCHIVER_NETWORK__ALLOW_PRIVATE", "10.0.0.0/8", "should be a list, such as"),
        ("ARCHIVER_NETWORK__ALLOW_PRIVATE", '["x"]', 'network.allow_private[0] = "x" is no network'),
        ("ARCHIVER_STORAGE__FREE_FLOOR", "lots", 'should be a size such as "1GiB", or a number of bytes'),
        ("ARCHIVER_WEB__PORT", "8081", "web.port and web.replay_port are both 8081; choose another for one"),
        ("ARCHIVER_POLITENESS__OBEY_ROBOTS", "perhaps", "should be a valid boolean"),
    ],
)
def test_a_mistake_in_the_environment_is_named_with_its_variable(load, variable: str, raw: str, message: str):
    told = refusal(load, **{variable: raw})
    assert told.startswith(f"environment variable {variable}")
    assert message in told


def test_ports_may_change_places_and_any_free_port_may_be_asked_for_twice(load):
    swapped = load(ARCHIVER_WEB__PORT="8081", ARCHIVER_WEB__REPLAY_PORT="8080").web
    assert (swapped.port, swapped.replay_port) == (8081, 8080)
    assert load("[web]\nport = 8081", ARCHIVER_WEB__REPLAY_PORT="8082").web.replay_port == 8082
    assert load("[web]\nport = 0\nreplay_port = 0").web.port == 0


def test_authorities_that_stamp_are_web_addresses(load):
    addresses = ["https://freetsa.org/tsr", "http://127.0.0.1:3161/a?b=c"]
    assert load(f"[trust]\ntimestamp_authorities = {addresses}").trust.timestamp_authorities == tuple(
        addresses
    )


def test_a_password_is_not_repeated_in_an_error(load):
    assert "secret" not in refusal(load, "[database]\nurl = 'mysql://me:secret@host/x'")
    assert "secret" not in refusal(load, ARCHIVER_NETWORK__PROXY="ftp://me:secret@host")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    (tmp_path / "archiver.toml").mkdir()
    with pytest.raises(ConfigurationError, match=r"archiver\.toml cannot be read: Is a directory"):
        load_settings(Home(tmp_path), {})


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path):
    (tmp_path / "archiver.toml").write_bytes(b"[identity]\noperator = 'M\xfcnchen'")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        load_settings(Home(tmp_path), {})


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    section=st.sampled_from([*Settings.model_fields, "zzz"]),
    key=st.sampled_from(["timeout", "allow_private", "url", "root", "naan", "policy", "contact", "zzz", ""]),
    value=json_like,
)
def test_no_variable_breaks_loading_otherwise_than_with_an_explanation(section: str, key: str, value: object):
    variable = f"ARCHIVER_{section.upper()}__{key.upper()}"
    for raw in (json.dumps(value), str(value)):
        try:
            load_settings(Home(Path("/nonexistent")), {variable: raw})
        except ConfigurationError as error:
            assert variable in str(error)  # noqa: PT017 - either outcome is right, only the silence is not


def test_paths_are_relative_to_the_home(load, tmp_path: Path):
    home = Home(tmp_path)
    settings = load("[network]\nca_bundle = 'ca.pem'")
    assert settings.warc_folder(home) == home.warc == tmp_path / "warc"
    assert settings.database_url(home) == home.index_url == f"sqlite:///{tmp_path}/index.sqlite"
    assert settings.ca_bundle(home) == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("configured", "used"),
    [
        ("sqlite:////var/x.sqlite", "sqlite:////var/x.sqlite"),
        ("sqlite+pysqlite:///x.sqlite?timeout=5", "sqlite+pysqlite:////home/me/archive/x.sqlite?timeout=5"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql+psycopg://me@host/news", "postgresql+psycopg://me@host/news"),
        ("postgresql+psycopg:///news", "postgresql+psycopg:///news"),
    ],
)
def test_only_the_path_of_a_database_file_is_made_absolute(configured: str, used: str):
    assert Home(Path("/home/me/archive")).database_url(configured) == used


def test_the_policy_for_urls_follows_the_settings(load):
    settings = load(
        "[network]\nallow_private = ['10.0.0.0/8']\nallowed_ports = [81]\nproxy = 'http://p:3128'"
    )
    assert settings.url_policy() == UrlPolicy.of(["10.0.0.0/8"], [81], "http://p:3128")
    assert Settings().url_policy() == UrlPolicy()


def test_the_contact_for_sites_is_that_of_the_operator_unless_another_is_set(load):
    assert load("[identity]\ncontact = 'desk@example.org'").contact() == "desk@example.org"
    assert load("[politeness]\ncontact = 'https://example.org/bot'").contact() == "https://example.org/bot"


def test_the_picture_policy_can_be_changed_for_one_run():
    settings = Settings()
    assert settings.with_pictures("none").pictures.policy == "none"
    assert settings.pictures.policy == "standard"
