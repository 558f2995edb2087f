#include "registrar_ping.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

/* The entry at `index` is in slot index % PING_SLOTS; what a binding notes is index + 1. */
union ping_entry {
	uintptr_t free_next;	 /* of one that is free: 2 * (index of the next one + 1) + 1; 1: the last */
	struct binding_set *set; /* of one that is not: even */
};

struct registrar_pinger {
	union ping_entry *entry;
	uint32_t entry_count, used;
	uint32_t untouched; /* entries from here on were never used */
	uintptr_t free;	    /* as free_next */
	uint32_t now_slot;
	uint8_t key[crypto_shorthash_KEYBYTES];
};

enum status registrar_ping_create(struct registrar_pinger **pinger)
{
	struct registrar_pinger *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->free = 1;
	randombytes_buf(made->key, sizeof(made->key));
	*pinger = made;
	return STATUS_OK;
}

void registrar_ping_free(struct registrar_pinger *pinger)
{
	if (!pinger)
		return;
	free(pinger->entry);
	free(pinger);
}

static bool grow(struct registrar_pinger *pinger)
{
	uint32_t count = pinger->entry_count ? pinger->entry_count * 2 : 256;
	union ping_entry *entry = realloc(pinger->entry, count * sizeof(*entry));
	if (!entry)
		return false;
	pinger->entry = entry;
	pinger->entry_count = count;
	return true;
}

bool registrar_ping_add(struct registrar_pinger *pinger, struct binding_set *set, uint32_t index)
{
	uint32_t place = pinger->untouched;
	if (pinger->free != 1) {
		place = (uint32_t)(pinger->free / 2 - 1);
		pinger->free = pinger->entry[place].free_next;
	} else if (place == pinger->entry_count && !grow(pinger)) {
		return false;
	} else {
		pinger->untouched++;
	}
	pinger->entry[place].set = set;
	aor_block_binding_keep(set, index)->ping = place + 1;
	pinger->used++;
	return true;
}

void registrar_ping_move(struct registrar_pinger *pinger, uint32_t ping, struct binding_set *set)
{
	pinger->entry[ping - 1].set = set;
}

void registrar_ping_remove(struct registrar_pinger *pinger, uint32_t ping)
{
	if (!ping)
		return;
	pinger->entry[ping - 1].free_next = pinger->free;
	pinger->free = 2 * (uintptr_t)ping + 1;
	pinger->used--;
}

/* Result: NULL when the entry is free, or there is none. */
static struct binding_set *find_set(uint32_t *index, const struct registrar_pinger *pinger, uint64_t place)
{
	if (place >= pinger->untouched || pinger->entry[place].free_next & 1)
		return NULL;
	struct binding_set *set = pinger->entry[place].set;
	for (*index = 0; *index < set->count; (*index)++)
		if (aor_block_binding_keep(set, *index)->ping == place + 1)
			return set;
	return NULL;
}

void registrar_ping_tick(struct registrar_pinger *pinger,
			 void (*send)(void *argument, struct binding_set *set, uint32_t index), void *argument)
{
	for (uint32_t place = pinger->now_slot; place < pinger->untouched; place += PING_SLOTS) {
		uint32_t index;
		struct binding_set *set = find_set(&index, pinger, place);
		if (set)
			send(argument, set, index);
	}
	pinger->now_slot = (pinger->now_slot + 1) % PING_SLOTS;
}

/* Not to be guessed; another one for the binding of the next REGISTER, though it may get the same entry. */
static uint64_t secret_of(const struct registrar_pinger *pinger, const struct binding_record *record)
{
	struct {
		uint64_t registered_unix_s;
		uint32_t ping, cseq;
		char contact[LOCATION_CONTACT_BYTES_MAX];
	} text = {.registered_unix_s = (uint64_t)record->registered_unix_s, .ping = record->ping, .cseq = record->cseq};
	uint64_t secret;
	memcpy(text.contact, record->contact.at, record->contact.length);
	crypto_shorthash((uint8_t *)&secret, (const uint8_t *)&text,
			 offsetof(typeof(text), contact) + record->contact.length, pinger->key);
	return secret;
}

static void write_host(char *text, size_t size, const struct net_address *address)
{
	char ip[INET6_ADDRSTRLEN];
	bool v4 = net_address_is_v4(address->ip);
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address->ip + 12 : address->ip, ip, sizeof(ip));
	snprintf(text, size, v4 ? "%s:%u" : "[%s]:%u", ip, address->port);
}

/* A Request-URI has no headers (RFC 3261 19.1.1). */
static struct span without_headers(struct span uri)
{
	const char *question = memchr(uri.at, '?', uri.length);
	return question ? span_make(uri.at, (size_t)(question - uri.at)) : uri;
}

uint32_t registrar_ping_write(char message[PING_BYTES_MAX], const struct registrar_pinger *pinger,
			      const struct binding_record *record, uint32_t cseq)
{
	char local[INET6_ADDRSTRLEN + 16], secret[32];
	struct span uri = without_headers(record->contact);
	write_host(local, sizeof(local), &record->local);
	snprintf(secret, sizeof(secret), "%08" PRIx32 "%016" PRIx64, record->ping - 1, secret_of(pinger, record));
	int length = snprintf(message, PING_BYTES_MAX,
			      "OPTIONS " SPAN_FORMAT " SIP/2.0\r\n"
			      "Via: SIP/2.0/UDP %s;rport;branch=" PING_BRANCH_PREFIX "%s\r\n"
			      "%s" SPAN_FORMAT "%s"
			      "Max-Forwards: 70\r\n"
			      "From: <sip:%s>;tag=%s\r\n"
			      "To: <" SPAN_FORMAT ">\r\n"
			      "Call-ID: ping-%s@%s\r\n"
			      "CSeq: %" PRIu32 " OPTIONS\r\n"
			      "Content-Length: 0\r\n\r\n",
			      SPAN_ARGUMENTS(uri), local, secret, record->path.length ? "Route: " : "",
			      SPAN_ARGUMENTS(record->path), record->path.length ? "\r\n" : "", local, secret,
			      SPAN_ARGUMENTS(uri), secret, local, cseq);
	return length > 0 && length < PING_BYTES_MAX ? (uint32_t)length : 0;
}

static bool read_hex(uint64_t *number, struct span text, uint32_t digits)
{
	if (text.length < digits)
		return false;
	*number = 0;
	for (uint32_t i = 0; i < digits; i++) {
		char digit = span_lower_byte(text.at[i]);
		if (digit >= '0' && digit <= '9')
			*number = *number << 4 | (uint64_t)(digit - '0');
		else if (digit >= 'a' && digit <= 'f')
			*number = *number << 4 | (uint64_t)(digit - 'a' + 10);
		else
			return false;
	}
	return true;
}

struct binding_keep *registrar_ping_find(const struct registrar_pinger *pinger, struct span answer,
					 const struct text_table *texts)
{
	static const struct span prefix = {PING_BRANCH_PREFIX, sizeof(PING_BRANCH_PREFIX) - 1};
	const char *branch = memmem(answer.at, answer.length, prefix.at, prefix.length);
	if (!branch)
		return NULL;
	struct span text = span_skip(answer, (uint32_t)(branch - answer.at) + prefix.length);
	uint64_t place, secret;
	uint32_t index;
	if (!read_hex(&place, text, 8) || !read_hex(&secret, span_skip(text, 8), 16))
		return NULL;
	struct binding_set *set = find_set(&index, pinger, place);
	struct binding_record record;
	if (!set)
		return NULL;
	aor_block_read_binding(&record, set, index, texts);
	return secret_of(pinger, &record) == secret ? aor_block_binding_keep(set, index) : NULL;
}

uint32_t registrar_ping_count(const struct registrar_pinger *pinger)
{
	return pinger->used;
}
