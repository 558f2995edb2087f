#include "registrar_ping.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#define ENTRY_NONE UINT32_MAX

struct ping_entry {
	struct binding_record *record; /* NULL: free */
	uint32_t next, previous;       /* in the slot, or next in the free list */
};

struct registrar_pinger {
	struct ping_entry *entry;
	uint32_t entry_count, free_entry, used;
	uint32_t slot[PING_SLOTS];
	uint32_t now_slot, next_slot;
};

enum status registrar_ping_create(struct registrar_pinger **pinger)
{
	struct registrar_pinger *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->free_entry = ENTRY_NONE;
	for (uint32_t i = 0; i < PING_SLOTS; i++)
		made->slot[i] = ENTRY_NONE;
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
	struct ping_entry *entry = realloc(pinger->entry, count * sizeof(*entry));
	if (!entry)
		return false;
	pinger->entry = entry;
	for (uint32_t i = pinger->entry_count; i < count; i++) {
		entry[i] = (struct ping_entry){.next = pinger->free_entry};
		pinger->free_entry = i;
	}
	pinger->entry_count = count;
	return true;
}

bool registrar_ping_add(struct registrar_pinger *pinger, struct binding_record *record)
{
	if (pinger->free_entry == ENTRY_NONE && !grow(pinger))
		return false;
	uint32_t index = pinger->free_entry, slot = pinger->next_slot;
	struct ping_entry *entry = &pinger->entry[index];
	pinger->free_entry = entry->next;
	pinger->next_slot = (slot + 1) % PING_SLOTS;
	*entry = (struct ping_entry){.record = record, .next = pinger->slot[slot], .previous = ENTRY_NONE};
	if (entry->next != ENTRY_NONE)
		pinger->entry[entry->next].previous = index;
	pinger->slot[slot] = index;
	record->ping_slot = slot;
	record->ping_index = index;
	randombytes_buf(&record->ping_secret, sizeof(record->ping_secret));
	pinger->used++;
	return true;
}

void registrar_ping_remove(struct registrar_pinger *pinger, struct binding_record *record)
{
	if (record->ping_slot == BINDING_PING_NONE)
		return;
	struct ping_entry *entry = &pinger->entry[record->ping_index];
	if (entry->previous != ENTRY_NONE)
		pinger->entry[entry->previous].next = entry->next;
	else
		pinger->slot[record->ping_slot] = entry->next;
	if (entry->next != ENTRY_NONE)
		pinger->entry[entry->next].previous = entry->previous;
	*entry = (struct ping_entry){.next = pinger->free_entry};
	pinger->free_entry = record->ping_index;
	record->ping_slot = BINDING_PING_NONE;
	pinger->used--;
}

void registrar_ping_tick(struct registrar_pinger *pinger, void (*send)(void *argument, struct binding_record *record),
			 void *argument)
{
	uint32_t index = pinger->slot[pinger->now_slot];
	pinger->now_slot = (pinger->now_slot + 1) % PING_SLOTS;
	while (index != ENTRY_NONE) {
		struct ping_entry *entry = &pinger->entry[index];
		index = entry->next;
		send(argument, entry->record);
	}
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

uint32_t registrar_ping_write(char message[PING_BYTES_MAX], const struct binding_record *record, uint32_t cseq)
{
	char local[INET6_ADDRSTRLEN + 16], secret[32];
	struct span uri = without_headers(record->contact);
	write_host(local, sizeof(local), &record->local);
	snprintf(secret, sizeof(secret), "%08" PRIx32 "%016" PRIx64, record->ping_index, record->ping_secret);
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

struct binding_record *registrar_ping_find(const struct registrar_pinger *pinger, struct span answer)
{
	static const struct span prefix = {PING_BRANCH_PREFIX, sizeof(PING_BRANCH_PREFIX) - 1};
	const char *branch = memmem(answer.at, answer.length, prefix.at, prefix.length);
	if (!branch)
		return NULL;
	struct span text = span_skip(answer, (uint32_t)(branch - answer.at) + prefix.length);
	uint64_t index, secret;
	if (!read_hex(&index, text, 8) || !read_hex(&secret, span_skip(text, 8), 16) || index >= pinger->entry_count)
		return NULL;
	struct binding_record *record = pinger->entry[index].record;
	return record && record->ping_secret == secret ? record : NULL;
}

uint32_t registrar_ping_count(const struct registrar_pinger *pinger)
{
	return pinger->used;
}
