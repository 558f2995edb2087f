"""company_site.py - companies, users and friends made from a few numbers, written as each program wants them.

amity's provisioning, sipgun's pool and Kamailio's tables come from the same Site, so that all of them know the same rules:

    an extension of the company, else the friend of least priority value whose pattern takes the number, else the carrier

Friend i of n takes 7 i ddd (i in as many digits as n - 1 has, d any digit). The best friend, the one of priority 1, also takes the
first hundred numbers of another one: those match two friends, and the priority decides.
"""

import hashlib
import random

SEED = 20261128  # of priorities and numbers: every run has the same
NUMBERS_PER_SITE = 10_000
EXTERNAL_NUMBER = "+34911234567"
DDI_BASE = 34_900_000_000


class Site:
    """`companies` companies, each with `users` users and `friends` friends; friends and the carrier are at fixed addresses."""

    def __init__(self, companies, users, friends, friend_address, carrier_address):
        self.companies, self.users, self.friends = companies, users, friends
        self.friend_address, self.carrier_address = friend_address, carrier_address
        self.width = len(str(max(friends - 1, 0)))
        random_source = random.Random(SEED)
        self.priorities = list(range(1, friends + 1))
        random_source.shuffle(self.priorities)
        if friends > 1 and self.priorities[0] == 1:
            self.priorities[0], self.priorities[-1] = self.priorities[-1], self.priorities[0]
        self.best = self.priorities.index(1) if friends else None
        self.seed = random_source.random()

    # Names.

    def domain(self, company):
        return f"company{company}.bench"

    def user(self, user):
        return f"user{user}"

    def password(self, user):
        return f"secret-of-user{user}"

    def extension(self, user):
        return str(1000 + user)

    def friend(self, friend):
        return f"friend{friend:0{self.width}d}"

    def friend_host(self, friend):
        """The host of the Request-URI that this friend gets: tells at which friend a call arrived."""
        return f"{self.friend(friend)}.bench"

    def ddi(self, company):
        return f"+{DDI_BASE + company}"

    # Numbers.

    def pattern(self, friend):
        own = f"{friend:0{self.width}d}[0-9]{{3}}"
        if friend == self.best and self.friends > 1:
            return f"^7({own}|{0:0{self.width}d}0[0-9]{{2}})$"
        return f"^7{own}$"

    def number_of(self, friend):
        """A number that only this friend takes."""
        return f"7{friend:0{self.width}d}905"

    def number_of_two(self):
        """(a number that friends 0 and `best` take, the friend that has to get it)."""
        return f"7{0:0{self.width}d}042", self.best

    def numbers(self):
        """Numbers to dial, evenly over the friends."""
        random_source = random.Random(self.seed)
        each = max(NUMBERS_PER_SITE // (self.friends * self.companies), 1)
        return [f"7{friend:0{self.width}d}{random_source.randrange(1000):03d}" for friend in range(self.friends) for _ in range(each)]

    # Files.

    def provisioning(self):
        """amity's YAML, as lines."""
        yield "carriers:"
        yield f'  - {{name: carrier, address: ["udp:{self.carrier_address}"]}}'
        yield "companies:"
        for company in range(self.companies):
            yield f"  - name: company{company}"
            yield f"    domain: {self.domain(company)}"
            yield "    country: ES"
            yield f'    outgoing_ddi: "{self.ddi(company)}"'
            yield f'    ddis: [{{number: "{self.ddi(company)}"}}]'
            yield "    users:"
            for user in range(self.users):
                yield f'      - {{name: {self.user(user)}, password: {self.password(user)}, extension: "{self.extension(user)}"}}'
            if self.friends:
                yield "    friends:"
            for friend in range(self.friends):
                yield (f"      - {{name: {self.friend(friend)}, priority: {self.priorities[friend]}, password: secret, "
                       f'direct: "udp:{self.friend_address}", ruri_domain: {self.friend_host(friend)}, patterns: [\'{self.pattern(friend)}\']}}')
            yield "    extensions:"
            for user in range(self.users):
                yield f'      - {{number: "{self.extension(user)}", route: {{user: {self.user(user)}}}}}'

    def pool(self):
        """sipgun's pool, as lines."""
        for company in range(self.companies):
            domain = self.domain(company)
            for user in range(self.users):
                yield f"user {domain} {self.user(user)} {self.password(user)}"
            for number in self.numbers():
                yield f"dial {domain} {number}"

    def kamailio_credentials(self):
        """Rows of its htable of HA1s: (user@domain, HA1)."""
        for company, user in self._everybody():
            name, domain = self.user(user), self.domain(company)
            yield f"{name}@{domain}", hashlib.md5(f"{name}:{domain}:{self.password(user)}".encode()).hexdigest()

    def kamailio_extensions(self):
        """Rows of its htable of extensions: (number@domain, user)."""
        for company, user in self._everybody():
            yield f"{self.extension(user)}@{self.domain(company)}", self.user(user)

    def kamailio_dialplan(self):
        """Rows of its dialplans, one for each company: (dialplan, priority, pattern, what it finds: the friend's host)."""
        for company in range(self.companies):
            for friend in range(self.friends):
                yield company + 1, self.priorities[friend], self.pattern(friend), self.friend_host(friend)

    def _everybody(self):
        return ((company, user) for company in range(self.companies) for user in range(self.users))


def write_lines(path, lines):
    with open(path, "w") as file:
        file.writelines(line + "\n" for line in lines)
    return path
