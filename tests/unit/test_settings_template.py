import re
import tomllib

from archiver.config.settings import Settings, render_template


def uncommented() -> str:
    return re.sub(r"^#(?=[a-z_]+ = )", "", render_template(), flags=re.MULTILINE)


def test_the_template_as_it_is_changes_nothing():
    assert Settings.model_validate(tomllib.loads(render_template())) == Settings()


def test_the_template_without_its_comment_signs_holds_the_defaults():
    assert Settings.model_validate(tomllib.loads(uncommented())) == Settings()


def test_the_template_names_every_setting_once():
    tables = tomllib.loads(uncommented())
    assert list(tables) == list(Settings.model_fields)
    for name in Settings.model_fields:
        section = getattr(Settings(), name)
        assert list(tables[name]) == list(type(section).model_fields)


def test_every_section_and_setting_is_described():
    for name in Settings.model_fields:
        section = type(getattr(Settings(), name))
        assert section.__doc__
        assert all(field.description for field in section.model_fields.values())


def test_the_template_is_plain_text_of_readable_width():
    template = render_template()
    assert template.isascii()
    assert max(map(len, template.splitlines())) <= 100
