"""The events that every benchmark uses: 8 fields, about 217 bytes, the same ones in every run (seeded)."""

import random

KINDS = ["purchase_sword", "purchase_axe", "purchase_shield", "join_guild", "declare_war", "default"]
HOSTS = ["user1.comcast.com", "knight1.comcast.com", "knight3.yahoo.com", "user2.att.com"]
AGENTS = ["ApacheBench/2.3", "curl/7.88.1", "Mozilla/5.0 (X11; Linux x86_64)"]


def stamp(milliseconds):
    """An ISO-8601 time of day on one day: cheap to make, and what many producers send."""
    second, rest = divmod(milliseconds % 86_400_000, 1000)
    return "2026-11-21T%02d:%02d:%02d.%03dZ" % (second // 3600, second // 60 % 60, second % 60, rest)


def events(count, seed=7):
    """Yields `count` events as JSON bytes."""
    draw = random.Random(seed)
    second = 1_790_000_000_000
    for number in range(count):
        second += draw.randrange(3)
        yield (
            '{"event_id":"%032x","event_type":"%s","user_id":%d,"host":"%s","user-agent":"%s",'
            '"strength":%d,"price":%.2f,"sent_at":"%s"}'
            % (
                draw.getrandbits(128),
                draw.choice(KINDS),
                draw.randrange(1_000_000),
                draw.choice(HOSTS),
                draw.choice(AGENTS),
                draw.randrange(11),
                draw.random() * 100,
                stamp(second),
            )
        ).encode()


if __name__ == "__main__":
    sample = list(events(10_000))
    print(sample[0].decode(), sum(map(len, sample)) / len(sample), "bytes on average")
