#include "transaction_table.h"

#include <rte_common.h>

#include "clear_bytes.h"
#include "prefetch.h"

#define SPARE_DIVISOR 4 /* a quarter more branches than transactions: most requests go to one place */
#define SPARE_LEAST   64

static uint64_t round_up_to_line(uint64_t bytes)
{
	return RTE_ALIGN_CEIL(bytes, (uint64_t)RTE_CACHE_LINE_SIZE);
}

static uint32_t count_branches(uint32_t count)
{
	return count + RTE_MAX(count / SPARE_DIVISOR, (uint32_t)SPARE_LEAST);
}

static uint64_t transaction_bytes(uint32_t count)
{
	return round_up_to_line((uint64_t)count * sizeof(struct transaction));
}

static uint64_t branch_bytes(uint32_t count)
{
	return round_up_to_line((uint64_t)count_branches(count) * sizeof(struct branch));
}

uint64_t transaction_table_bytes(uint32_t count)
{
	return transaction_bytes(count) + branch_bytes(count) + 2 * key_index_bytes(count);
}

void transaction_table_init(struct transaction_table *table, void *memory, uint32_t count, uint32_t mbufs_max,
			    struct timer_wheel *wheel)
{
	char *at = memory, *index = at + transaction_bytes(count) + branch_bytes(count);

	*table = (struct transaction_table){
		.transaction = (struct transaction *)at,
		.branch = (struct branch *)(at + transaction_bytes(count)),
		.count = count,
		.branch_count = count_branches(count),
		.mbufs_max = mbufs_max,
		.size_max[KEPT_SMALL] = UINT32_MAX,
		.wheel = wheel,
		.free_branch = count,
		.oldest = TRANSACTION_NONE,
		.newest = TRANSACTION_NONE,
	};
	key_index_init(&table->keys, index, count);
	key_index_init(&table->merge_keys, index + key_index_bytes(count), count);
	free_slots_init(&table->free_transactions, count);
	for (uint32_t i = 0; i < count; i++)
		table->transaction[i].third_free = free_slots_third_below(i, count);
	for (uint32_t i = count; i < table->branch_count; i++)
		table->branch[i].next = i + 1 < table->branch_count ? i + 1 : TRANSACTION_NONE;
}

/* The keys are keyed hashes: every bit of them is as good as any other. */
static uint32_t key_bits(const uint8_t key[TRANSACTION_KEY_BYTES])
{
	uint32_t bits;

	memcpy(&bits, key, sizeof(bits));
	return bits;
}

static uint32_t merge_key_bits(uint64_t merge_key)
{
	return (uint32_t)merge_key;
}

struct transaction *transaction_table_find(const struct transaction_table *table,
					   const uint8_t key[TRANSACTION_KEY_BYTES])
{
	struct key_search search = key_index_search(&table->keys, key_bits(key));
	uint32_t slot;

	while ((slot = key_index_next(&table->keys, key_bits(key), &search)) != KEY_INDEX_NONE)
		if (memcmp(table->transaction[slot].key, key, TRANSACTION_KEY_BYTES) == 0)
			return &table->transaction[slot];
	return NULL;
}

/* A text that is seldom longer than a line lies on two, as often as not. */
static void prefetch_ends(const char *at, uint32_t length)
{
	prefetch_line(at);
	prefetch_line(at + length);
}

void transaction_table_prefetch_key(const struct transaction_table *table, const uint8_t key[TRANSACTION_KEY_BYTES])
{
	key_index_prefetch(&table->keys, key_bits(key));
}

void transaction_table_prefetch_branch(const struct transaction_table *table, uint32_t slot)
{
	if (slot < table->branch_count)
		prefetch_whole_lines(&table->branch[slot], sizeof(struct branch));
	if (slot < table->count)
		prefetch_whole_lines(&table->transaction[slot], sizeof(struct transaction));
}

void transaction_table_prefetch_response(const struct transaction_table *table, uint32_t slot)
{
	if (slot < table->branch_count)
		prefetch_whole_lines(&table->branch[slot], sizeof(struct branch));
	if (slot < table->count)
		prefetch_whole_lines(&table->transaction[slot].state,
				     offsetof(struct transaction, source) - offsetof(struct transaction, state));
}

void transaction_table_prefetch_merged(const struct transaction_table *table, uint64_t merge_key)
{
	key_index_prefetch(&table->merge_keys, merge_key_bits(merge_key));
}

void transaction_table_prefetch_found(const struct transaction_table *table, const uint8_t key[TRANSACTION_KEY_BYTES])
{
	struct key_search search = key_index_search(&table->keys, key_bits(key));
	uint32_t slot = key_index_next(&table->keys, key_bits(key), &search);

	if (slot != KEY_INDEX_NONE)
		prefetch_whole_lines(&table->transaction[slot], sizeof(struct transaction));
}

void transaction_table_prefetch_kept(const struct transaction_table *table, uint32_t slot)
{
	if (slot < table->branch_count) {
		const struct branch *branch = &table->branch[slot];
		kept_message_prefetch(&branch->request);
		timer_wheel_prefetch(&branch->timer);
	}
	if (slot >= table->count || !table->transaction[slot].request.mbuf)
		return;
	const struct transaction *transaction = &table->transaction[slot];
	kept_message_prefetch(&transaction->request);
	kept_message_prefetch(&transaction->response);
	if (!transaction->request.near)
		return; /* where the text is, only the mbuf knows */
	const char *text = kept_message_text(&transaction->request).at;
	prefetch_ends(text + transaction->from.offset, transaction->from.length);
	prefetch_ends(text + transaction->to.offset, transaction->to.length);
}

void transaction_table_prefetch_end(const struct transaction_table *table, uint32_t slot)
{
	if (slot >= table->count)
		return;
	const struct transaction *transaction = &table->transaction[slot];
	kept_message_prefetch(&table->branch[slot].request);
	kept_message_prefetch(&transaction->request);
	kept_message_prefetch(&transaction->response);
	timer_wheel_prefetch(&table->branch[slot].timer);
	timer_wheel_prefetch(&transaction->timer);
	key_index_prefetch(&table->keys, key_bits(transaction->key));
	key_index_prefetch(&table->merge_keys, merge_key_bits(transaction->merge_key));
}

static bool has_ended(const struct transaction *transaction)
{
	return transaction->state == TRANSACTION_ENDED || transaction->status >= 300;
}

/* Result: the newest with that merge key, whatever its state; TRANSACTION_NONE: none. */
static uint32_t newest_alike(const struct transaction_table *table, uint64_t merge_key)
{
	struct key_search search = key_index_search(&table->merge_keys, merge_key_bits(merge_key));
	uint32_t slot;

	while ((slot = key_index_next(&table->merge_keys, merge_key_bits(merge_key), &search)) != KEY_INDEX_NONE)
		if (table->transaction[slot].merge_key == merge_key)
			return slot;
	return TRANSACTION_NONE;
}

struct transaction *transaction_table_find_merged(const struct transaction_table *table, uint64_t merge_key)
{
	uint32_t index = merge_key ? newest_alike(table, merge_key) : TRANSACTION_NONE;

	for (uint32_t looks = 0; index != TRANSACTION_NONE && looks < TRANSACTION_MERGE_LOOK_MAX; looks++) {
		struct transaction *transaction = &table->transaction[index];
		if (!has_ended(transaction))
			return transaction;
		index = transaction->older_alike;
	}
	return NULL;
}

static void enter_merge_key(struct transaction_table *table, struct transaction *transaction, uint32_t index)
{
	uint32_t bits = merge_key_bits(transaction->merge_key);

	if (transaction->merge_key == 0)
		return;
	transaction->newer_alike = TRANSACTION_NONE;
	transaction->older_alike = newest_alike(table, transaction->merge_key);
	if (transaction->older_alike == TRANSACTION_NONE) {
		key_index_add(&table->merge_keys, bits, index);
		return;
	}
	table->transaction[transaction->older_alike].newer_alike = index;
	key_index_replace(&table->merge_keys, bits, transaction->older_alike, index);
}

static void forget_merge_key(struct transaction_table *table, const struct transaction *transaction)
{
	uint32_t older = transaction->older_alike, newer = transaction->newer_alike;
	uint32_t index = transaction_index(table, transaction), bits = merge_key_bits(transaction->merge_key);

	if (transaction->merge_key == 0)
		return;
	if (newer != TRANSACTION_NONE)
		table->transaction[newer].older_alike = older;
	else if (older != TRANSACTION_NONE)
		key_index_replace(&table->merge_keys, bits, index, older);
	else
		key_index_remove(&table->merge_keys, bits, index);
	if (older != TRANSACTION_NONE)
		table->transaction[older].newer_alike = newer;
}

void transaction_table_linger(struct transaction_table *table, struct transaction *transaction)
{
	uint32_t index = transaction_index(table, transaction);

	if (transaction->lingers)
		return;
	transaction->lingers = true;
	transaction->linger_older = table->newest;
	transaction->linger_newer = TRANSACTION_NONE;
	if (table->newest == TRANSACTION_NONE)
		table->oldest = index;
	else
		table->transaction[table->newest].linger_newer = index;
	table->newest = index;
	table->lingering_count++;
}

void transaction_table_hold(struct transaction_table *table, struct transaction *transaction)
{
	uint32_t older = transaction->linger_older, newer = transaction->linger_newer;

	if (!transaction->lingers)
		return;
	if (older == TRANSACTION_NONE)
		table->oldest = newer;
	else
		table->transaction[older].linger_newer = newer;
	if (newer == TRANSACTION_NONE)
		table->newest = older;
	else
		table->transaction[newer].linger_older = older;
	transaction->lingers = false;
	table->lingering_count--;
}

/* What taking and removing touch, all at once: who has lingered for 32 s is in no cache. */
static void prefetch_slot(const struct transaction_table *table, uint32_t index)
{
	prefetch_whole_lines_to_write(&table->transaction[index], sizeof(struct transaction));
	prefetch_whole_lines_to_write(&table->branch[index], sizeof(struct branch));
}

static bool has_room(const struct transaction_table *table, uint32_t mbufs)
{
	return table->free_transactions.top[0] != FREE_SLOTS_NONE &&
	       (uint64_t)table->mbufs_kept + mbufs <= table->mbufs_max;
}

static __attribute__((noinline)) bool make_room(struct transaction_table *table, uint32_t mbufs)
{
	for (uint32_t i = 0; i < TRANSACTION_GIVE_WAY_MAX && !has_room(table, mbufs); i++) {
		if (table->oldest == TRANSACTION_NONE || mbufs > table->mbufs_max)
			return false;
		transaction_table_remove(table, &table->transaction[table->oldest]);
		table->gave_way_count++;
	}
	return has_room(table, mbufs);
}

/*
 * In a flood the next ones come at once, sooner than a line: the slots that they will get. Whoever gives way for the
 * next one has been asked for the time before; what its end touches is asked for now.
 */
static void prefetch_next(const struct transaction_table *table)
{
	const uint32_t *top = table->free_transactions.top;

	if (top[2] != FREE_SLOTS_NONE)
		prefetch_slot(table, top[2]);
	if (top[0] != FREE_SLOTS_NONE || table->oldest == TRANSACTION_NONE)
		return;
	transaction_table_prefetch_end(table, table->oldest);
	uint32_t after = table->transaction[table->oldest].linger_newer;
	if (after != TRANSACTION_NONE)
		prefetch_slot(table, after);
}

struct transaction *transaction_table_add(struct transaction_table *table, const uint8_t key[TRANSACTION_KEY_BYTES],
					  uint64_t merge_key, uint32_t mbufs)
{
	if (!has_room(table, mbufs) && !make_room(table, mbufs))
		return NULL;
	uint32_t index = table->free_transactions.top[0];
	struct transaction *transaction = &table->transaction[index];
	free_slots_take(&table->free_transactions, transaction->third_free);
	table->used_count++;
	clear_bytes(transaction, sizeof(*transaction));
	memcpy(transaction->key, key, TRANSACTION_KEY_BYTES);
	transaction->merge_key = merge_key;
	transaction->state = TRANSACTION_PROCEEDING;
	transaction->first_branch = TRANSACTION_NONE;
	key_index_add(&table->keys, key_bits(key), index);
	enter_merge_key(table, transaction, index);
	prefetch_next(table);
	return transaction;
}

bool transaction_table_is_short(const struct transaction_table *table)
{
	return table->mbufs_kept >= table->mbufs_max;
}

/* The transaction's own branch, when that is the first; else a spare one, which will keep a message too. */
static uint32_t take_branch(struct transaction_table *table, const struct transaction *transaction, uint32_t own)
{
	uint32_t index = table->free_branch;

	if (transaction->first_branch == TRANSACTION_NONE)
		return own;
	if (transaction_table_is_short(table))
		return TRANSACTION_NONE;
	if (index != TRANSACTION_NONE) {
		table->free_branch = table->branch[index].next;
		table->spare_used_count++;
	}
	return index;
}

static void append_branch(struct transaction_table *table, struct transaction *transaction, uint32_t index)
{
	uint32_t *link = &transaction->first_branch;

	while (*link != TRANSACTION_NONE)
		link = &table->branch[*link].next;
	*link = index;
	transaction->branch_count++;
}

struct branch *transaction_table_add_branch(struct transaction_table *table, struct transaction *transaction)
{
	if (transaction->branch_count == TRANSACTION_BRANCHES_MAX)
		return NULL;
	uint32_t own = transaction_index(table, transaction), index = take_branch(table, transaction, own);
	if (index == TRANSACTION_NONE)
		return NULL;
	struct branch *branch = &table->branch[index];
	uint16_t generation = (uint16_t)(branch->generation + 1);
	clear_bytes(branch, sizeof(*branch));
	branch->generation = generation;
	branch->transaction = own;
	branch->next = TRANSACTION_NONE;
	branch->state = BRANCH_CALLING;
	append_branch(table, transaction, index);
	return branch;
}

static void remove_branches(struct transaction_table *table, const struct transaction *transaction)
{
	uint32_t index = transaction->first_branch, own = transaction_index(table, transaction);

	while (index != TRANSACTION_NONE) {
		struct branch *branch = &table->branch[index];
		uint32_t next = branch->next;
		timer_wheel_stop(table->wheel, &branch->timer);
		transaction_table_give_back(table, &branch->request);
		branch->state = BRANCH_FREE;
		if (index != own) {
			branch->next = table->free_branch;
			table->free_branch = index;
			table->spare_used_count--;
		}
		index = next;
	}
}

void transaction_table_remove(struct transaction_table *table, struct transaction *transaction)
{
	prefetch_slot(table, transaction_index(table, transaction));
	remove_branches(table, transaction);
	timer_wheel_stop(table->wheel, &transaction->timer);
	transaction_table_give_back(table, &transaction->request);
	transaction_table_give_back(table, &transaction->response);
	transaction_table_give_back(table, &transaction->best);
	transaction_table_hold(table, transaction);
	key_index_remove(&table->keys, key_bits(transaction->key), transaction_index(table, transaction));
	forget_merge_key(table, transaction);
	transaction->state = TRANSACTION_FREE;
	transaction->third_free = free_slots_give(&table->free_transactions, transaction_index(table, transaction));
	table->used_count--;
}

bool transaction_table_has_room_for(const struct transaction_table *table, enum kept_size size, uint32_t mbufs)
{
	return (uint64_t)table->size_kept[size] + mbufs <= table->size_max[size];
}

void transaction_table_keep(struct transaction_table *table, struct kept_message *kept, struct rte_mbuf *mbuf,
			    struct span text)
{
	if (kept->mbuf) {
		table->size_kept[kept_message_end(kept)]--;
		table->mbufs_kept--;
	}
	if (mbuf) {
		table->size_kept[kept_message_begin(kept, mbuf, text)]++;
		table->mbufs_kept++;
	}
}

void transaction_table_clear(struct transaction_table *table)
{
	for (uint32_t i = 0; i < table->count; i++)
		if (table->transaction[i].state != TRANSACTION_FREE)
			transaction_table_remove(table, &table->transaction[i]);
}
