/* Memory of companies' blocks: aligned, zeroed, huge where jemalloc is, and it comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "block_memory.h"
#include "cmocka_all.h"

#define BLOCKS	  2000
#define CHANGES	  100000
#define BLOCK_MAX 20000

static uint32_t random_below(uint32_t end)
{
	static uint64_t seed = 1;
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % end;
}

static size_t resident_bytes(void)
{
	unsigned long all = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu %lu", &all, &resident), 2);
	fclose(file);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* Was the kernel asked to make the pages at `address` huge? */
static bool may_be_huge(const void *address)
{
	char line[512];
	bool is_here = false, is_huge = false;
	FILE *file = fopen("/proc/self/smaps", "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		unsigned long begin, end;
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			is_here = begin <= (uintptr_t)address && (uintptr_t)address < end;
		else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
			is_huge = strstr(line, " hg") != NULL;
	}
	fclose(file);
	return is_huge;
}

static void blocks_are_in_huge_pages(void **state)
{
	(void)state;
	void *block = block_memory_take(8000);
	assert_non_null(block);
	/* Where another allocator gives the memory, nothing is asked for. */
	assert_int_equal(may_be_huge(block), AMITY_JEMALLOC);
	block_memory_give_back(block);
}

static void blocks_are_zeroed_lines(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		size_t bytes = 1 + random_below(BLOCK_MAX);
		unsigned char *block = block_memory_take(bytes);
		assert_non_null(block);
		assert_int_equal((uintptr_t)block % 64, 0);
		for (size_t at = 0; at < bytes; at++)
			assert_int_equal(block[at], 0);
		memset(block, 0xff, bytes);
		block_memory_give_back(block);
	}
	block_memory_give_back(NULL);
}

/* As companies are changed: each of 2,000 fifty times, with a size that is about its own. */
static void what_is_given_back_is_taken_again(void **state)
{
	static void *block[BLOCKS];
	static size_t bytes[BLOCKS];
	size_t in_use = 0;

	(void)state;
	for (uint32_t i = 0; i < BLOCKS; i++) {
		bytes[i] = 4000 + random_below(8000);
		in_use += bytes[i];
		block[i] = block_memory_take(bytes[i]);
	}
	size_t before = resident_bytes();
	for (uint32_t n = 0; n < CHANGES; n++) {
		uint32_t i = random_below(BLOCKS);
		void *made = block_memory_take(bytes[i] + random_below(600));
		assert_non_null(made);
		block_memory_give_back(block[i]);
		block[i] = made;
	}
	size_t after = resident_bytes();
	print_message("%zu KiB of blocks, %zu KiB resident before %d changes, %zu after\n", in_use / 1024,
		      before / 1024, CHANGES, after / 1024);
	/* A sanitizer keeps what was freed. */
	assert_true(!AMITY_JEMALLOC || after < before + in_use / 2);
	for (uint32_t i = 0; i < BLOCKS; i++)
		block_memory_give_back(block[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_in_huge_pages),
		cmocka_unit_test(blocks_are_zeroed_lines),
		cmocka_unit_test(what_is_given_back_is_taken_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
