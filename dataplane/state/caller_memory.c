#include "caller_memory.h"

void caller_memory_note(struct caller_memory *memory, const struct caller_memory_entry *entry)
{
	memory->entry[entry->transaction & memory->mask] = *entry;
}

const struct caller_memory_entry *caller_memory_find(const struct caller_memory *memory, uint64_t transaction)
{
	const struct caller_memory_entry *entry = &memory->entry[transaction & memory->mask];
	return entry->transaction == transaction && transaction != 0 ? entry : NULL;
}
