#include "registrar_bindings.h"

#include "log.h"

static uint32_t count_of(const struct binding_set *set)
{
	return set ? set->count : 0;
}

/* ---- what is pending ---- */

/* No other thread sees it yet. */
static struct binding_set *pending_after(const struct binding_set *set)
{
	return atomic_load_explicit(&set->next, memory_order_relaxed);
}

static void set_pending_after(struct binding_set *set, struct binding_set *next)
{
	atomic_store_explicit(&set->next, next, memory_order_relaxed);
}

static uint32_t pending_bucket(const uint8_t key[AOR_KEY_BYTES])
{
	uint32_t bits;
	memcpy(&bits, key + sizeof(bits), sizeof(bits));
	return bits % PENDING_BUCKETS;
}

static struct binding_set *find_pending(const struct registrar_bindings *bindings, const uint8_t key[AOR_KEY_BYTES])
{
	struct binding_set *set = bindings->pending_count ? bindings->pending[pending_bucket(key)] : NULL;
	while (set && memcmp(set->key, key, AOR_KEY_BYTES) != 0)
		set = pending_after(set);
	return set;
}

static void enter_pending(struct registrar_bindings *bindings, struct binding_set *set)
{
	struct binding_set **bucket = &bindings->pending[pending_bucket(set->key)];
	set_pending_after(set, *bucket);
	*bucket = set;
	bindings->pending_count++;
}

static void leave_pending(struct registrar_bindings *bindings, struct binding_set *set)
{
	struct binding_set **bucket = &bindings->pending[pending_bucket(set->key)], *before = *bucket;
	if (before == set) {
		*bucket = pending_after(set);
	} else {
		while (pending_after(before) != set)
			before = pending_after(before);
		set_pending_after(before, pending_after(set));
	}
	bindings->pending_count--;
}

struct binding_set *registrar_bindings_latest(const struct registrar_bindings *bindings,
					      const uint8_t key[AOR_KEY_BYTES])
{
	struct binding_set *pending = find_pending(bindings, key);
	return pending ? pending : location_table_find(bindings->location, key);
}

enum status registrar_bindings_propose(struct registrar_bindings *bindings, const struct aor_name *aor,
				       const struct binding_list *next, int64_t now_unix_s)
{
	struct binding_set *pending = find_pending(bindings, aor->key);
	struct binding_set *done = location_table_find(bindings->location, aor->key), *made = NULL;
	uint32_t before = count_of(pending ? pending : done);
	if (next->count > before && bindings->bindings + (next->count - before) > bindings->bindings_max)
		return STATUS_LIMIT;
	/* Of what never was nothing has to be taken away. */
	if (next->count || done) {
		made = aor_block_make(aor, next, bindings->texts, bindings->location, now_unix_s);
		if (!made)
			return STATUS_NO_MEMORY;
	}
	bindings->bindings = bindings->bindings - before + next->count;
	if (pending) {
		leave_pending(bindings, pending);
		aor_block_free(pending, bindings->texts);
	}
	if (made)
		enter_pending(bindings, made);
	return STATUS_OK;
}

/* ---- the store ---- */

static enum status store_difference(struct registrar_bindings *bindings, struct binding_set *to)
{
	const struct binding_set *from = location_table_find(bindings->location, to->key);
	char text[AOR_BYTES_MAX];
	struct span aor = aor_block_write_aor(text, to, bindings->texts);
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < count_of(from) && status == STATUS_OK; i++) {
		struct span contact = binding_contact(&from->binding[i]);
		if (aor_block_find_contact(to, contact) == to->count)
			status = binding_store_remove(bindings->store, aor, contact);
	}
	for (uint32_t i = 0; i < to->count && status == STATUS_OK; i++) {
		struct binding_keep *keep = aor_block_binding_keep(to, i);
		struct binding_record binding;
		if (keep->store_row)
			continue;
		aor_block_read_binding(&binding, to, i, bindings->texts);
		status = binding_store_put(bindings->store, aor, &binding);
		keep->store_row = binding.store_row;
	}
	return status;
}

static enum status store_pending(struct registrar_bindings *bindings)
{
	enum status status = binding_store_begin(bindings->store);
	for (uint32_t i = 0; i < PENDING_BUCKETS && status == STATUS_OK; i++)
		for (struct binding_set *set = bindings->pending[i]; set && status == STATUS_OK;
		     set = pending_after(set))
			status = store_difference(bindings, set);
	if (status == STATUS_OK)
		status = binding_store_commit(bindings->store);
	if (status != STATUS_OK) {
		const char *why = status == STATUS_STORE ? binding_store_error(bindings->store) : status_text(status);
		log_event(LOG_LEVEL_ERROR, "registrar_store_failed", "error=%s", log_quote(why, strlen(why)).text);
		binding_store_rollback(bindings->store);
	}
	return status;
}

/* The row of the binding that stands for a contact now, for the store. */
static int64_t *find_row(void *argument, struct span aor, struct span contact)
{
	const struct registrar_bindings *bindings = argument;
	struct registrar_endpoint endpoint;
	if (!registrar_bindings_find_endpoint(&endpoint, bindings, aor))
		return NULL;
	const struct binding_set *set = location_table_find(bindings->location, endpoint.aor_key);
	uint32_t index = set ? aor_block_find_contact(set, contact) : 0;
	return index < count_of(set) ? &aor_block_binding_keep(set, index)->store_row : NULL;
}

/* Keeps the store at one and a half times what counts. With each batch a bit, so that none has to wait for much. */
static void clean_store(struct registrar_bindings *bindings)
{
	uint64_t rows_max = bindings->bindings + bindings->bindings / 2 + 4 * (uint64_t)BINDING_STORE_CLEAN_ROWS;
	if (binding_store_rows(bindings->store) > rows_max &&
	    binding_store_clean(bindings->store, find_row, bindings) != STATUS_OK) {
		const char *why = binding_store_error(bindings->store);
		log_event(LOG_LEVEL_WARNING, "registrar_store_not_cleaned", "error=%s",
			  log_quote(why, strlen(why)).text);
	}
}

/* ---- what lcores see ---- */

/* A binding that goes on keeps its turn; what its pings found out since the change was proposed counts. */
static void move_pings(struct registrar_bindings *bindings, const struct binding_set *old, struct binding_set *set)
{
	for (uint32_t i = 0; i < count_of(old); i++) {
		const struct binding_keep *from = aor_block_binding_keep(old, i);
		uint32_t k = 0;
		while (k < set->count && aor_block_binding_keep(set, k)->ping != from->ping)
			k++;
		if (k == set->count) {
			registrar_ping_remove(bindings->pinger, from->ping);
		} else if (from->ping) {
			struct binding_keep *to = aor_block_binding_keep(set, k);
			to->seen_unix_s = from->seen_unix_s;
			to->pings_unanswered = from->pings_unanswered;
			registrar_ping_move(bindings->pinger, from->ping, set);
		}
	}
	for (uint32_t i = 0; i < set->count; i++)
		if (set->binding[i].behind_nat && !aor_block_binding_keep(set, i)->ping)
			(void)registrar_ping_add(bindings->pinger, set, i);
}

void registrar_bindings_show(struct registrar_bindings *bindings, struct binding_set *set)
{
	struct binding_set *old = location_table_find(bindings->location, set->key);
	move_pings(bindings, old, set);
	if (old) {
		aor_wheel_leave(old);
		aor_block_release_texts(old, bindings->texts);
	}
	aor_wheel_enter(&bindings->wheel, set);
	location_table_put(bindings->location, set);
}

void registrar_bindings_hide(struct registrar_bindings *bindings, struct binding_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		registrar_ping_remove(bindings->pinger, aor_block_binding_keep(set, i)->ping);
	aor_wheel_leave(set);
	aor_block_release_texts(set, bindings->texts);
	location_table_remove(bindings->location, set->key);
}

static struct binding_set *take_pending(struct registrar_bindings *bindings, uint32_t bucket)
{
	struct binding_set *set = bindings->pending[bucket];
	if (set) {
		bindings->pending[bucket] = pending_after(set);
		bindings->pending_count--;
	}
	return set;
}

static void do_pending(struct registrar_bindings *bindings, struct binding_set *set)
{
	struct binding_set *done = location_table_find(bindings->location, set->key);
	if (set->count) {
		registrar_bindings_show(bindings, set);
		return;
	}
	if (done)
		registrar_bindings_hide(bindings, done);
	aor_block_free(set, bindings->texts);
}

static void undo_pending(struct registrar_bindings *bindings, struct binding_set *set)
{
	struct binding_set *done = location_table_find(bindings->location, set->key);
	bindings->bindings = bindings->bindings - set->count + count_of(done);
	/* One whose end was being stored left the wheel: it comes up again. */
	if (done && !aor_block_keep(done)->wheel_link)
		aor_wheel_enter(&bindings->wheel, done);
	aor_block_free(set, bindings->texts);
}

void registrar_bindings_forget_pending(struct registrar_bindings *bindings)
{
	struct binding_set *set;
	for (uint32_t i = 0; i < PENDING_BUCKETS; i++)
		while ((set = take_pending(bindings, i)))
			undo_pending(bindings, set);
}

enum status registrar_bindings_commit(struct registrar_bindings *bindings)
{
	struct binding_set *set;
	if (!bindings->pending_count)
		return STATUS_OK;
	enum status status = store_pending(bindings);
	if (status != STATUS_OK) {
		registrar_bindings_forget_pending(bindings);
		return status;
	}
	for (uint32_t i = 0; i < PENDING_BUCKETS; i++)
		while ((set = take_pending(bindings, i)))
			do_pending(bindings, set);
	clean_store(bindings);
	return STATUS_OK;
}

/* ---- bindings that end ---- */

/* Those are left that have not ended by `now_unix_s`. Result: how many ended. */
static uint32_t end_some(struct binding_list *list, int64_t now_unix_s)
{
	uint32_t ended = 0;
	for (uint32_t i = list->count; i-- > 0;)
		if (list->binding[i].expires_unix_s <= now_unix_s) {
			binding_record_list_remove(list, i);
			ended++;
		}
	return ended;
}

uint32_t registrar_bindings_expire(struct registrar_bindings *bindings, int64_t now_unix_s)
{
	uint32_t ended = 0;
	for (uint32_t i = 0; i < EXPIRE_ENDPOINTS_MAX; i++) {
		struct binding_set *set = aor_wheel_take_ended(&bindings->wheel, now_unix_s);
		struct binding_list list;
		if (!set)
			break;
		struct aor_name aor = aor_block_name(set, bindings->texts);
		aor_block_read(&list, set, bindings->texts);
		uint32_t count = end_some(&list, now_unix_s);
		if (registrar_bindings_propose(bindings, &aor, &list, now_unix_s) != STATUS_OK) {
			aor_wheel_enter(&bindings->wheel, set);
			break;
		}
		ended += count;
	}
	return ended && registrar_bindings_commit(bindings) == STATUS_OK ? ended : 0;
}

void registrar_bindings_split_aor(struct span *name, struct span *domain, struct span aor)
{
	const char *at = memrchr(aor.at, '@', aor.length);
	uint32_t name_length = at ? (uint32_t)(at - aor.at) : aor.length;
	*name = span_make(aor.at, name_length);
	*domain = span_skip(aor, name_length + 1);
}

bool registrar_bindings_find_endpoint(struct registrar_endpoint *endpoint, const struct registrar_bindings *bindings,
				      struct span aor)
{
	struct span name, domain;
	registrar_bindings_split_aor(&name, &domain, aor);
	return bindings->find_endpoint(bindings->directory, endpoint, name, domain);
}

/* ---- endpoints that are no more ---- */

struct drop {
	struct registrar_bindings *bindings;
	int64_t now_unix_s;
	uint32_t dropped, pending; /* bindings */
	bool has_failed;
};

static void commit_drop(struct drop *drop)
{
	if (registrar_bindings_commit(drop->bindings) == STATUS_OK)
		drop->dropped += drop->pending;
	else
		drop->has_failed = true;
	drop->pending = 0;
}

static void drop_set(struct drop *drop, const struct binding_set *set)
{
	static const struct binding_list none;
	struct registrar_bindings *bindings = drop->bindings;
	struct aor_name aor = aor_block_name(set, bindings->texts);
	if (registrar_bindings_propose(bindings, &aor, &none, drop->now_unix_s) == STATUS_OK)
		drop->pending += set->count;
	else
		drop->has_failed = true;
	if (bindings->pending_count == EXPIRE_ENDPOINTS_MAX)
		commit_drop(drop);
}

uint32_t registrar_bindings_drop(struct registrar_bindings *bindings, const uint8_t *keys, uint32_t count,
				 int64_t now_unix_s)
{
	struct drop drop = {.bindings = bindings, .now_unix_s = now_unix_s};
	for (uint32_t i = 0; i < count; i++) {
		const struct binding_set *set =
			location_table_find(bindings->location, keys + (size_t)i * AOR_KEY_BYTES);
		if (set)
			drop_set(&drop, set);
	}
	commit_drop(&drop);
	bindings->is_drop_due |= drop.has_failed;
	return drop.dropped;
}

uint32_t registrar_bindings_drop_removed(struct registrar_bindings *bindings, int64_t now_unix_s)
{
	struct drop drop = {.bindings = bindings, .now_unix_s = now_unix_s};
	const struct binding_set *set = location_table_next(bindings->location, NULL);
	while (set) {
		const struct binding_set *next = location_table_next(bindings->location, set);
		struct aor_name aor = aor_block_name(set, bindings->texts);
		struct registrar_endpoint endpoint;
		if (!bindings->find_endpoint(bindings->directory, &endpoint, aor.name, aor.domain))
			drop_set(&drop, set);
		set = next;
	}
	commit_drop(&drop);
	bindings->is_drop_due = drop.has_failed;
	return drop.dropped;
}
