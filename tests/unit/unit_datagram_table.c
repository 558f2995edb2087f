/* Datagrams out of fragments, against a clock of the test's own and a naive model. */
#include "cmocka_all.h"
#include "datagram_table.h"

#include <stdlib.h>

#define BUFFERS 200

static struct datagram_table table;
static char buffer[DATAGRAM_TABLE_SLOTS][DATAGRAM_BYTES_MAX];

static int set_up(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	table.timeout_tsc = 1000;
	return 0;
}

static struct datagram *open_id(uint32_t id, uint64_t now, bool *gave_way)
{
	struct datagram_key key = {.id = id, .protocol = 17};
	struct datagram *datagram = datagram_table_open(&table, &key, now, gave_way);

	if (datagram->buffer == NULL) {
		datagram->buffer = buffer[datagram - table.slot];
		datagram->bytes = datagram->buffer;
	}
	return datagram;
}

static enum datagram_result add(uint32_t id, uint64_t now, struct span bytes, uint32_t offset, bool more)
{
	struct datagram_fragment fragment = {.bytes = bytes, .offset = offset, .more = more};
	bool gave_way;

	assert_true(datagram_table_is_sound(&fragment, DATAGRAM_BYTES_MAX));
	return datagram_table_add(open_id(id, now, &gave_way), &fragment);
}

static void every_time_limit_is_kept(void **state)
{
	static const char bytes[64];
	struct span eight = span_make(bytes, 8);

	(void)state;
	assert_int_equal(datagram_table_expire(&table, UINT64_MAX), 0);
	add(1, 100, eight, 0, true);
	add(2, 600, eight, 0, true);
	add(1, 1000, eight, 8, true); /* does not win time */
	assert_int_equal(datagram_table_expire(&table, 1099), 0);
	assert_int_equal(datagram_table_expire(&table, 1100), 1);
	assert_int_equal(datagram_table_expire(&table, 1599), 0);
	assert_int_equal(add(2, 1599, eight, 8, false), DATAGRAM_COMPLETE);
	bool gave_way;
	datagram_table_close(&table, open_id(2, 1599, &gave_way));
	assert_int_equal(datagram_table_expire(&table, 1600), 0);
	add(1, 1700, eight, 8, false); /* begins anew */
	assert_int_equal(add(1, 1700, eight, 0, true), DATAGRAM_COMPLETE);
}

/* A spoiled datagram takes nothing more, keeps its slot, and is not counted as given up. */
static void spoiled_ones_end_uncounted(void **state)
{
	static const char zeros[64], ones[64] = {1, 1, 1, 1, 1, 1, 1, 1};
	bool gave_way;

	(void)state;
	add(1, 100, span_make(zeros, 16), 0, true);
	assert_int_equal(add(1, 100, span_make(zeros, 16), 0, true), DATAGRAM_DUPLICATE);
	assert_int_equal(add(1, 100, span_make(zeros, 8), 8, true), DATAGRAM_DUPLICATE); /* a part, byte for byte */
	assert_int_equal(add(1, 100, span_make(ones, 8), 8, true), DATAGRAM_CONFLICT);
	assert_int_equal(add(1, 100, span_make(zeros, 8), 16, false), DATAGRAM_CONFLICT);
	assert_int_equal(datagram_table_expire(&table, 1100), 0);
	for (uint32_t id = 1; id <= DATAGRAM_TABLE_SLOTS; id++) {
		open_id(id, 2000 + id, &gave_way);
		assert_false(gave_way);
	}
	add(1, 2100, span_make(zeros, 16), 0, true);
	add(1, 2100, span_make(ones, 16), 0, true);
	open_id(1000, 2100, &gave_way); /* takes the slot of id 1, which is spoiled */
	assert_false(gave_way);
	open_id(1001, 2100, &gave_way);
	assert_true(gave_way);
}

static void shuffle(uint32_t *order, uint32_t count, unsigned int *seed)
{
	for (uint32_t i = count - 1; i > 0; i--) {
		uint32_t other = (uint32_t)rand_r(seed) % (i + 1), kept = order[i];
		order[i] = order[other];
		order[other] = kept;
	}
}

/* Random sizes, random cuts, random order: complete exactly with the last piece, and byte for byte. */
static void random_cuts_come_together(void **state)
{
	static char whole[DATAGRAM_BYTES_MAX];
	unsigned int seed = 7;

	(void)state;
	for (uint32_t i = 0; i < sizeof(whole); i++)
		whole[i] = (char)rand_r(&seed);
	for (uint32_t round = 0; round < 300; round++) {
		uint32_t length = 9 + (uint32_t)rand_r(&seed) % (DATAGRAM_BYTES_MAX - 8), cuts[BUFFERS + 1] = {0};
		uint32_t count = 0, order[BUFFERS];
		if (round == 0)
			length = DATAGRAM_BYTES_MAX;
		for (uint32_t at = 0; at < length; count++) {
			uint32_t size = count == BUFFERS - 1 ? length : 8 + 8 * ((uint32_t)rand_r(&seed) % 512);
			at = at + size < length ? at + size : length;
			cuts[count + 1] = at;
			order[count] = count;
		}
		shuffle(order, count, &seed);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t from = cuts[order[i]], to = cuts[order[i] + 1];
			enum datagram_result result =
				add(round, round, span_make(whole + from, to - from), from, to < length);
			assert_int_equal(result, i + 1 < count ? DATAGRAM_HELD : DATAGRAM_COMPLETE);
		}
		bool gave_way;
		struct datagram *datagram = open_id(round, round, &gave_way);
		assert_int_equal(datagram->end, length);
		assert_memory_equal(datagram->bytes, whole, length);
		datagram_table_close(&table, datagram);
	}
}

static void soundness(void **state)
{
	static const struct {
		uint32_t offset, length;
		bool more, sound;
	} rows[] = {
		{0, 8, true, true},	    {0, 7, true, false},     {0, 7, false, true},
		{0, 0, false, false},	    {8, 0, true, false},     {65528, 7, false, true},
		{65528, 8, false, false},   {65528, 8, true, false}, {64000, 1528, true, true},
		{64000, 1536, true, false},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct datagram_fragment fragment = {
			.bytes = span_make(NULL, rows[i].length), .offset = rows[i].offset, .more = rows[i].more};
		if (datagram_table_is_sound(&fragment, DATAGRAM_BYTES_MAX) != rows[i].sound)
			fail_msg("row %u", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_time_limit_is_kept, set_up),
		cmocka_unit_test_setup(spoiled_ones_end_uncounted, set_up),
		cmocka_unit_test_setup(random_cuts_come_together, set_up),
		cmocka_unit_test_setup(soundness, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
