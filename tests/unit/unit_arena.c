/* Memory that is taken piece by piece: zeroed, aligned, bounded, and not given to the kernel and back. */
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "arena.h"
#include "cmocka_all.h"

#define ROUNDS	    200
#define LARGE_BYTES ((size_t)1 << 20)

static void assert_zeroed(const unsigned char *piece, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(piece[i], 0);
}

static void pieces_of_used_memory_are_zeroed(void **state)
{
	(void)state;
	alignas(max_align_t) unsigned char memory[ARENA_CHUNK_HEADER_BYTES + 1024];
	struct arena arena;

	memset(memory, 0xff, sizeof(memory));
	arena_init_on(&arena, memory, sizeof(memory));
	for (size_t size = 1; size < 64; size *= 2) {
		unsigned char *piece = arena_take(&arena, size);
		assert_in_range((uintptr_t)piece, (uintptr_t)memory, (uintptr_t)(memory + sizeof(memory) - size));
		assert_int_equal((uintptr_t)piece % alignof(max_align_t), 0);
		assert_zeroed(piece, size);
		memset(piece, 0xee, size);
	}
	unsigned char *line = arena_take_lines(&arena, 2, 64);
	assert_int_equal((uintptr_t)line % 64, 0);
	assert_zeroed(line, 128);
	memset(line, 0xee, 128);
	for (int i = 0; i < 4; i++) {
		unsigned char *small = arena_take(&arena, 1), *filled = arena_take_lines_to_fill(&arena, 1, 64);
		assert_int_equal((uintptr_t)filled % 64, 0);
		memset(filled, 0xdd, 64);
		*small = 0xcc;
		assert_in_range((uintptr_t)arena_take(&arena, 1), (uintptr_t)filled + 64, UINTPTR_MAX);
	}
	assert_int_equal(line[127], 0xee);
	arena_free(&arena);
}

static void large_pieces_are_zeroed_each_time(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		bool is_of_blocks = i % 2;
		struct arena arena = {.is_of_blocks = is_of_blocks};
		unsigned char *piece = arena_take(&arena, LARGE_BYTES), *small = arena_take(&arena, 1);
		assert_non_null(piece);
		assert_zeroed(piece, LARGE_BYTES);
		assert_zeroed(small, 1);
		memset(piece, 0xee, LARGE_BYTES);
		*small = 0xee;
		arena_free(&arena);
		/* It can be used again, and is of the same memory then. */
		assert_int_equal(arena.is_of_blocks, is_of_blocks);
		assert_int_equal(arena.used_bytes, 0);
		assert_zeroed(arena_take(&arena, LARGE_BYTES), LARGE_BYTES);
		arena_free(&arena);
	}
}

static void what_cannot_be_had_is_null(void **state)
{
	(void)state;
	struct arena arena = {0};
	assert_null(arena_take(&arena, SIZE_MAX));
	assert_null(arena_take_array(&arena, SIZE_MAX / 2, 3));
	assert_null(arena_take_lines(&arena, SIZE_MAX / 2, 2));
	assert_null(arena_take_lines_to_fill(&arena, SIZE_MAX / 2, 2));
	assert_null(arena_copy_text(&arena, "", SIZE_MAX));
	assert_int_equal(arena.used_bytes, 0);
	arena_free(&arena);
	arena.is_of_blocks = true;
	assert_null(arena_take(&arena, SIZE_MAX));
	arena_free(&arena);
}

static long page_faults(void)
{
	struct rusage usage;
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_minflt;
}

/* Pages that go back to the kernel interrupt every lcore. */
static void a_large_piece_has_the_pages_of_the_one_before(void **state)
{
	(void)state;
	if (!AMITY_JEMALLOC)
		skip();
	long before = page_faults();
	for (int i = 0; i < ROUNDS; i++) {
		struct arena arena = {0};
		void *piece = arena_take(&arena, LARGE_BYTES);
		assert_non_null(piece);
		memset(piece, 0xee, LARGE_BYTES);
		arena_free(&arena);
	}
	assert_in_range(page_faults() - before, 0, ROUNDS * (LARGE_BYTES / 4096) / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_used_memory_are_zeroed),
		cmocka_unit_test(large_pieces_are_zeroed_each_time),
		cmocka_unit_test(what_cannot_be_had_is_null),
		cmocka_unit_test(a_large_piece_has_the_pages_of_the_one_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
