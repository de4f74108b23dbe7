"""What says nearly the same, and what says the opposite in nearly the same words."""

from __future__ import annotations

import pytest

from claudemem_lib.alike import alike

OPPOSITE = [
    ("Never use Redis cache for product pages", "Always use Redis cache for product pages"),
    ("We must enable the debug flag before deploying", "We must disable the debug flag before deploying"),
    ("Run migrations before the workers are restarted", "Run migrations after the workers are restarted"),
    ("Increase the worker timeout on the import queue", "Decrease the worker timeout on the import queue"),
    ("Push to main is allowed", "Push to main is not allowed"),
    ("Pushing to main isn't allowed for guests", "Pushing to main is allowed for guests"),
    ("We deploy on Monday", "We deploy on Friday"),
    ("Turn the proxy on for the build servers", "Turn the proxy off for the build servers"),
    ("Copy the dump from the staging bucket every night", "Copy the dump to the staging bucket every night"),
    ("Build the image with the cache of the last run", "Build the image without the cache of the last run"),
    ("Am Freitag wird nicht auf die Produktion ausgerollt", "Am Freitag wird auf die Produktion ausgerollt"),
    ("Wir nehmen keine Anfragen von Gästen an", "Wir nehmen Anfragen von Gästen an"),
    ("On ne déploie pas le vendredi en production", "On déploie le vendredi en production"),
    ("Staging is enabled and production is disabled", "Staging is disabled and production is disabled"),
    (
        "Uploads are kept\nUploads are kept; so uploads are kept, and uploads kept here stay kept. Kept by us.",
        "Uploads are purged\nUploads are purged; so uploads are purged, and uploads purged here stay purged. Purged by us.",
    ),
]
SAME = [
    ("The staging database is read-only on Sundays", "The staging database is read only on Sundays!"),
    ("Fix the login token check", "Fixed the login token check"),
    ("We use the Redis cache for sessions", "Using the Redis cache for sessions"),
    ("The uploads need a token of the shop", "The uploads needed a token of the shop"),
    ("Those tokens have an expiry of one hour", "These tokens had an expiry of one hour"),
    ("Tests run on each push to main", "Tests are running on each push to main"),
    ("Login tokens expire after one hour", "After one hour login tokens expire"),
    ("Deploys go through the staging branch", "Deploys go through the branch called staging"),
    ("Prices are stored as integer cents", "Prices are stored as cents, integers"),
    ("Use the Redis cache for product pages", "Always use the Redis cache for all product pages"),
    ("Do not push to main without a review", "Don't push to main without a review"),
    ("You won\u2019t need the VPN on Fridays", "You will not need the VPN on Fridays"),
    ("You cannot push to main on Fridays", "You can't push to main on Fridays"),
    ("Never deploy the shop on Fridays", "Not deploy the shop on Fridays"),
    ("The cache of the product pages is in Redis", "The cache for the product pages is in Redis"),
    (
        "The import reads the file, checks each row against the schema, writes the good ones to the database in one step and tells "
        "the user by mail how many rows it took and which it left out",
        "The import loads the file, checks each line against the schema, writes the good ones to the store in one step and tells "
        "the user by mail how many rows it took and which it skipped",
    ),
]


@pytest.mark.parametrize(("one", "other"), OPPOSITE)
def test_the_opposite_and_another_value_are_not_alike_however_few_words_differ(one: str, other: str) -> None:
    assert not alike(one, other)
    assert not alike(other, one)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_put_in_left_out_moved_or_told_otherwise_is_alike(one: str, other: str) -> None:
    assert alike(one, other)
    assert alike(other, one)
