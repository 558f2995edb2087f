/*
 * caller_memory.h - who sent the INVITEs that passed lately, per lcore.
 *
 * CANCEL, and the ACK of a non-2xx, carry no credentials (R2), and From need not name the endpoint (R1.4); so the lcore
 * remembers, by transaction, which endpoint an INVITE was verified for. Direct-mapped, newest wins: a hint, not state
 * that a call needs. The transaction table will take its place.
 */
#ifndef AMITY_CALLER_MEMORY_H
#define AMITY_CALLER_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct caller_memory_entry {
	uint64_t transaction; /* keyed hash of Call-ID, CSeq number and topmost Via branch; 0: free */
	uint64_t company_id;
	uint32_t endpoint; /* index in the company, checked against `name_hash` since an apply may have moved it */
	uint32_t name_hash;
};
_Static_assert(sizeof(struct caller_memory_entry) == 24, "memory plan");

struct caller_memory {
	struct caller_memory_entry *entry; /* memory of the caller, zeroed */
	uint32_t mask;			   /* count - 1; count a power of two */
};

/* Thread: the owner of the memory. */
void caller_memory_note(struct caller_memory *memory, const struct caller_memory_entry *entry);

/* Result: NULL when the transaction is not (or no longer) known. */
const struct caller_memory_entry *caller_memory_find(const struct caller_memory *memory, uint64_t transaction);

#endif
