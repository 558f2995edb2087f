#include "datagram_table.h"

static struct datagram *find_slot(struct datagram_table *table, const struct datagram_key *key)
{
	for (uint32_t i = 0; i < DATAGRAM_TABLE_SLOTS; i++)
		if (table->deadline_tsc[i] != 0 && memcmp(&table->key[i], key, sizeof(*key)) == 0)
			return &table->slot[i];
	return NULL;
}

/* A free slot, whose deadline is 0, or the oldest. */
static uint32_t choose_slot(const struct datagram_table *table)
{
	uint32_t chosen = 0;

	for (uint32_t i = 1; i < DATAGRAM_TABLE_SLOTS; i++)
		if (table->deadline_tsc[i] < table->deadline_tsc[chosen])
			chosen = i;
	return chosen;
}

struct datagram *datagram_table_open(struct datagram_table *table, const struct datagram_key *key, uint64_t now_tsc,
				     bool *gave_way)
{
	struct datagram *datagram = find_slot(table, key);

	*gave_way = false;
	if (datagram != NULL)
		return datagram;
	uint32_t index = choose_slot(table);
	datagram = &table->slot[index];
	*gave_way = table->deadline_tsc[index] != 0 && !datagram->spoiled;
	table->deadline_tsc[index] = now_tsc + table->timeout_tsc;
	if (table->next_deadline_tsc == 0 || table->deadline_tsc[index] < table->next_deadline_tsc)
		table->next_deadline_tsc = table->deadline_tsc[index];
	table->key[index] = *key;
	datagram->received_bytes = 0;
	datagram->highest = 0;
	datagram->end = 0;
	datagram->fragment_count = 0;
	datagram->spoiled = false;
	memset(datagram->have, 0, sizeof(datagram->have));
	return datagram;
}

void datagram_table_close(struct datagram_table *table, struct datagram *datagram)
{
	table->deadline_tsc[datagram - table->slot] = 0;
}

uint32_t datagram_table_expire(struct datagram_table *table, uint64_t now_tsc)
{
	uint32_t count = 0;
	uint64_t next = 0;

	if (table->next_deadline_tsc == 0 || now_tsc < table->next_deadline_tsc)
		return 0;
	for (uint32_t i = 0; i < DATAGRAM_TABLE_SLOTS; i++) {
		uint64_t deadline = table->deadline_tsc[i];
		if (deadline == 0)
			continue;
		if (deadline <= now_tsc) {
			table->deadline_tsc[i] = 0;
			count += !table->slot[i].spoiled;
		} else if (next == 0 || deadline < next) {
			next = deadline;
		}
	}
	table->next_deadline_tsc = next;
	return count;
}

bool datagram_table_is_sound(const struct datagram_fragment *fragment, uint32_t bytes_max)
{
	uint32_t length = fragment->bytes.length;

	return length > 0 && fragment->offset + length <= bytes_max && (!fragment->more || length % 8 == 0);
}

/* The bits of word `word` that stand for the units first .. end - 1. */
static uint64_t word_mask(uint32_t word, uint32_t first, uint32_t end)
{
	uint64_t mask = UINT64_MAX;

	if (first > word * 64)
		mask &= UINT64_MAX << (first - word * 64);
	if (end < (word + 1) * 64)
		mask &= ~(UINT64_MAX << (end - word * 64));
	return mask;
}

/* How many of the units first .. end - 1 are there already. */
static uint32_t count_units(const struct datagram *datagram, uint32_t first, uint32_t end)
{
	uint32_t count = 0;

	for (uint32_t word = first / 64; word * 64 < end; word++)
		count += (uint32_t)__builtin_popcountll(datagram->have[word] & word_mask(word, first, end));
	return count;
}

static bool contradicts_end(const struct datagram *datagram, const struct datagram_fragment *fragment, uint32_t end)
{
	if (!fragment->more)
		return datagram->end != 0 ? end != datagram->end : end < datagram->highest;
	return datagram->end != 0 && end >= datagram->end;
}

static enum datagram_result spoil(struct datagram *datagram, enum datagram_result why)
{
	datagram->spoiled = true;
	return why;
}

enum datagram_result datagram_table_add(struct datagram *datagram, const struct datagram_fragment *fragment)
{
	uint32_t length = fragment->bytes.length, end = fragment->offset + length;
	uint32_t first_unit = fragment->offset / 8, end_unit = (end + 7) / 8;

	if (datagram->spoiled)
		return DATAGRAM_CONFLICT;
	if (contradicts_end(datagram, fragment, end))
		return spoil(datagram, DATAGRAM_CONFLICT);
	uint32_t there = count_units(datagram, first_unit, end_unit);
	if (there == end_unit - first_unit && end <= datagram->highest &&
	    memcmp(datagram->bytes + fragment->offset, fragment->bytes.at, length) == 0)
		return DATAGRAM_DUPLICATE;
	if (there > 0)
		return spoil(datagram, DATAGRAM_CONFLICT);
	if (datagram->fragment_count == DATAGRAM_FRAGMENTS_MAX)
		return spoil(datagram, DATAGRAM_TOO_MANY);

	datagram->fragment_count++;
	memcpy(datagram->bytes + fragment->offset, fragment->bytes.at, length);
	for (uint32_t word = first_unit / 64; word * 64 < end_unit; word++)
		datagram->have[word] |= word_mask(word, first_unit, end_unit);
	datagram->received_bytes += length;
	if (fragment->offset == 0)
		datagram->next_header = fragment->next_header;
	if (end > datagram->highest)
		datagram->highest = end;
	if (!fragment->more)
		datagram->end = end;
	return datagram->end != 0 && datagram->received_bytes == datagram->end ? DATAGRAM_COMPLETE : DATAGRAM_HELD;
}
