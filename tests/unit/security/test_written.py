"""How the console writes what others wrote."""

from security.templatetags.console import words


def test_what_an_author_quotes_is_code_and_nothing_of_it_is_markup():
    shown = words("One of `models`, `<b>`; <i>its</i> own.")
    assert shown == (
        "One of <code>models</code>, <code>&lt;b&gt;</code>; &lt;i&gt;its&lt;/i&gt; own."
    )


def test_a_single_back_quote_stays():
    assert words("5` and nothing") == "5` and nothing"
