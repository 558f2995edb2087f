#include "guard_page.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void guard_page_build(struct guard_page *guard, size_t capacity_bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	guard->capacity_bytes = (capacity_bytes / page + 1) * page;
	guard->mapping_bytes = guard->capacity_bytes + 2 * page;
	guard->mapping = mmap(NULL, guard->mapping_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guard->mapping == MAP_FAILED ||
	    mprotect(guard->mapping + page, guard->capacity_bytes, PROT_READ | PROT_WRITE) != 0) {
		perror("guard_page: cannot map pages for test inputs");
		exit(1);
	}
}

void guard_page_free(struct guard_page *guard)
{
	munmap(guard->mapping, guard->mapping_bytes);
}

char *guard_page_room(const struct guard_page *guard, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	assert(length <= guard->capacity_bytes);
	return guard->mapping + page + guard->capacity_bytes - length;
}

struct span guard_page_place_first(struct guard_page *guard, struct span input)
{
	char *at = guard_page_room(guard, guard->capacity_bytes);

	assert(input.length <= guard->capacity_bytes);
	if (input.length)
		memcpy(at, input.at, input.length);
	return span_make(at, input.length);
}

struct span guard_page_place(struct guard_page *guard, struct span input)
{
	char *at = guard_page_room(guard, input.length);

	if (input.length)
		memcpy(at, input.at, input.length);
	return span_make(at, input.length);
}
