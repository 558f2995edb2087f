#include "company_build.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <sodium.h>

#include "address_text.h"
#include "arena.h"
#include "block_memory.h"
#include "codec_set_build.h"
#include "company_size.h"
#include "name_table_build.h"

#define CACHE_LINE_BYTES 64

struct company_block {
	/* A change of any company counts in the blocks of all: on a cache line that no lcore reads. */
	_Alignas(CACHE_LINE_BYTES) atomic_uint references;
	struct arena arena;
	struct pattern_compiled **pattern; /* of the friends, then of each ACL; references of this block */
	uint32_t pattern_count;
	/* Last: what is taken first from the arena lies right behind it (COMPANY_NEAR_BYTES). */
	_Alignas(CACHE_LINE_BYTES) struct company company;
};

/* What the steps below share while a block is made. Tables are const for readers; here they are still ours. */
struct builder {
	const struct model_company *model;
	const struct secret_keys *keys;
	struct pattern_pool *pool;
	struct pattern_error *error;
	struct company_block *block;
	struct company *company;
	struct endpoint *endpoint;
	struct call_acl *acl;
	enum status status; /* the first failure */
};

static void fail(struct builder *builder, enum status status)
{
	if (builder->status == STATUS_OK)
		builder->status = status;
}

static void *take(struct builder *builder, uint32_t count, size_t size)
{
	void *array = arena_take_array(&builder->block->arena, count, size);
	if (!array)
		fail(builder, STATUS_NO_MEMORY);
	return array;
}

static void *take_lines(struct builder *builder, uint32_t count, size_t size)
{
	void *array = arena_take_lines(&builder->block->arena, count, size);
	if (!array)
		fail(builder, STATUS_NO_MEMORY);
	return array;
}

static struct span copy(struct builder *builder, const struct model_text *text)
{
	if (text->length == 0)
		return (struct span){0};
	const char *at = arena_copy_text(&builder->block->arena, text->text, text->length);
	if (!at) {
		fail(builder, STATUS_NO_MEMORY);
		return (struct span){0};
	}
	return span_make(at, text->length);
}

/* A short text of a row stands in the row, behind the `used` bytes that are taken there: a call looks at both. */
static struct span copy_near(struct builder *builder, struct endpoint *endpoint, const struct model_text *text,
			     size_t used)
{
	if (text->length == 0 || text->length > sizeof(endpoint->near_text) - used)
		return copy(builder, text);
	return span_make(memcpy(endpoint->near_text + used, text->text, text->length), text->length);
}

/* ---- parts ---- */

static struct dial_plan resolve_dial_plan(struct builder *builder, const struct model_text *country,
					  const struct model_text *area_code)
{
	struct dial_plan plan = builder->company->dial_plan;
	if (country->text)
		plan.country = country_find(model_span(country));
	if (area_code->text)
		plan.area_code = copy(builder, area_code);
	return plan;
}

static struct span resolve_ddi(struct builder *builder, const struct model_text *own)
{
	return own->text ? copy(builder, own) : builder->company->outgoing_ddi;
}

/* An endpoint without password gets one that nobody knows: its HA1 must not be a constant. */
static void make_secret(struct endpoint *endpoint, const struct company *company, const struct model_text *password)
{
	char unknown[32];
	struct span secret = model_span(password);
	if (!password->text) {
		randombytes_buf(unknown, sizeof(unknown));
		secret = span_make(unknown, sizeof(unknown));
	}
	digest_make_secret(&endpoint->secret, endpoint->name, company->domain, secret);
}

static const struct call_acl *find_acl(const struct builder *builder, const struct model_text *name)
{
	for (uint32_t i = 0; name->text && i < builder->company->acl_count; i++)
		if (span_equals(builder->acl[i].name, model_span(name)))
			return &builder->acl[i];
	return NULL;
}

static void add_endpoint(struct builder *builder, struct endpoint *endpoint, const struct model_endpoint *model)
{
	struct company *company = builder->company;
	endpoint->name = copy_near(builder, endpoint, &model->name, 0);
	if (builder->status != STATUS_OK)
		return;
	endpoint_key_make(endpoint->aor_key, builder->keys->aor_key, endpoint->name, company->domain);
	make_secret(endpoint, company, &model->password);
	endpoint->dial_plan = resolve_dial_plan(builder, &model->country, &model->area_code);
	endpoint->acl = find_acl(builder, &model->call_acl);
	endpoint->from_domain = company->domain;
	endpoint->multi_contact = model->multi_contact.value;
	endpoint->codecs = codec_set_build(&model->codecs);
	endpoint->max_calls = (uint32_t)model->max_calls.value;
	name_table_build_add(&company->endpoint_by_name, endpoint->name, (uint32_t)(endpoint - builder->endpoint),
			     false);
}

static struct route make_route(struct builder *builder, const struct model_route *model)
{
	struct route route = {.target = ROUTE_NONE};
	if (model->user.text) {
		route.target = ROUTE_USER;
		if (!name_table_find(&route.endpoint, &builder->company->endpoint_by_name, model_span(&model->user),
				     false))
			fail(builder, STATUS_INVALID);
	} else if (model->friend_number.text) {
		route.target = ROUTE_FRIEND;
		route.number = copy(builder, &model->friend_number);
	} else if (model->extension.text) {
		route.target = ROUTE_EXTENSION;
		route.number = copy(builder, &model->extension);
	} else if (model->number.text) {
		route.target = ROUTE_NUMBER;
		route.number = copy(builder, &model->number);
	}
	return route;
}

/* R27; provisioning has checked that the extensions are there. */
static void add_forwards(struct builder *builder, struct endpoint *endpoint, const struct model_friend *model)
{
	uint32_t count = model->forwards.count;
	struct forward *forward = take(builder, count, sizeof(*forward));
	if (count > FORWARDS_MAX)
		fail(builder, STATUS_INVALID);
	for (uint32_t i = 0; i < count && builder->status == STATUS_OK; i++) {
		const struct model_forward *from = &model_forwards(model)[i];
		forward[i].when = (uint8_t)from->when.value;
		forward[i].calls = (uint8_t)from->calls.value;
		forward[i].after_s = forward[i].when == FORWARD_NO_ANSWER ? (uint16_t)from->after_s.value : 0;
		forward[i].to = make_route(builder, &from->to);
	}
	endpoint->forward = forward;
	endpoint->forward_count = (uint8_t)count;
}

static void add_user(struct builder *builder, struct endpoint *endpoint, const struct model_user *model)
{
	add_endpoint(builder, endpoint, &model->endpoint);
	endpoint->kind = ENDPOINT_USER;
	endpoint->auth = ENDPOINT_AUTH_DIGEST;
	endpoint->display = copy(builder, &model->display);
	bool is_name_near = endpoint->name.at == endpoint->near_text;
	endpoint->extension = copy_near(builder, endpoint, &model->extension, is_name_near ? endpoint->name.length : 0);
	endpoint->presented_ddi = resolve_ddi(builder, &model->outgoing_ddi);
	endpoint->ddi_in = true;
}

static void add_friend(struct builder *builder, struct endpoint *endpoint, const struct model_friend *model)
{
	add_endpoint(builder, endpoint, &model->endpoint);
	endpoint->kind = ENDPOINT_FRIEND;
	endpoint->auth = model->auth.value == MODEL_AUTH_SOURCE ? ENDPOINT_AUTH_SOURCE : ENDPOINT_AUTH_DIGEST;
	endpoint->presented_ddi = resolve_ddi(builder, &model->fallback_ddi);
	endpoint->is_direct = model->direct.text && !address_text_parse(&endpoint->direct, model_span(&model->direct));
	endpoint->ruri_domain = copy(builder, &model->ruri_domain);
	endpoint->from_user = copy(builder, &model->from_user);
	if (model->from_domain.text)
		endpoint->from_domain = copy(builder, &model->from_domain);
	endpoint->priority = (uint16_t)model->priority.value;
	endpoint->ddi_in = model->ddi_in.value;
	endpoint->always_transform = model->always_transform.value;
	endpoint->max_cps = (uint32_t)model->max_cps.value;
	add_forwards(builder, endpoint, model);
	builder->company->has_source_auth |= endpoint->auth == ENDPOINT_AUTH_SOURCE;
}

static void build_endpoints(struct builder *builder)
{
	const struct model_company *model = builder->model;
	struct company *company = builder->company;
	company->endpoint_count = model->users.count + model->friends.count;
	company->endpoint = builder->endpoint = take_lines(builder, company->endpoint_count, sizeof(struct endpoint));
	if (name_table_build(&company->endpoint_by_name, &builder->block->arena, company->endpoint_count) != STATUS_OK)
		fail(builder, STATUS_NO_MEMORY);
	for (uint32_t i = 0; i < model->users.count && builder->status == STATUS_OK; i++)
		add_user(builder, &builder->endpoint[i], &model_users(model)[i]);
	for (uint32_t i = 0; i < model->friends.count && builder->status == STATUS_OK; i++)
		add_friend(builder, &builder->endpoint[model->users.count + i], &model_friends(model)[i]);
}

static void build_extensions(struct builder *builder)
{
	struct company *company = builder->company;
	uint32_t count = builder->model->extensions.count;
	struct extension *extension = take(builder, count, sizeof(*extension));
	if (name_table_build(&company->extension_by_number, &builder->block->arena, count) != STATUS_OK)
		fail(builder, STATUS_NO_MEMORY);
	for (uint32_t i = 0; i < count && builder->status == STATUS_OK; i++) {
		const struct model_extension *model = &model_extensions(builder->model)[i];
		extension[i].number = copy(builder, &model->number);
		extension[i].route = make_route(builder, &model->route);
		if (builder->status == STATUS_OK)
			name_table_build_add(&company->extension_by_number, extension[i].number, i, false);
	}
	company->extension = extension;
	company->extension_count = count;
}

static void build_ddis(struct builder *builder)
{
	struct company *company = builder->company;
	uint32_t count = builder->model->ddis.count;
	struct ddi *ddi = take(builder, count, sizeof(*ddi));
	if (name_table_build(&company->ddi_by_number, &builder->block->arena, count) != STATUS_OK)
		fail(builder, STATUS_NO_MEMORY);
	for (uint32_t i = 0; i < count && builder->status == STATUS_OK; i++) {
		const struct model_ddi *model = &model_ddis(builder->model)[i];
		ddi[i].number = copy(builder, &model->number);
		ddi[i].display = copy(builder, &model->display);
		ddi[i].route = make_route(builder, &model->route);
		if (builder->status == STATUS_OK)
			name_table_build_add(&company->ddi_by_number, ddi[i].number, i, false);
	}
	company->ddi = ddi;
	company->ddi_count = count;
}

/* ---- patterns ---- */

/* The place of the pattern that is refused is its text's. */
static void build_pattern_set(struct builder *builder, struct pattern_set *set, const struct model_text *const *text,
			      const uint32_t *owner, uint32_t count)
{
	if (builder->status != STATUS_OK)
		return;
	struct company_block *block = builder->block;
	struct pattern_compiled *compiled;
	struct span *pattern = malloc((count + 1) * sizeof(*pattern));
	enum status status = pattern ? STATUS_OK : STATUS_NO_MEMORY;
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
		pattern[i] = model_span(text[i]);
	if (status == STATUS_OK)
		status = pattern_pool_get(builder->pool, &compiled, pattern, count, builder->error);
	free(pattern);
	if (status == STATUS_INVALID) {
		builder->error->line = text[builder->error->index]->place.line;
		builder->error->column = text[builder->error->index]->place.column;
	}
	if (status != STATUS_OK) {
		fail(builder, status);
		return;
	}
	block->pattern[block->pattern_count++] = compiled;
	pattern_set_build_view(set, compiled, owner);
}

/*
 * What a call looks at comes from the shared set into the block: rows, whose they are and, of the one that matches,
 * where its text is.
 */
static void bring_near(struct builder *builder, struct pattern_set *set)
{
	if (builder->status != STATUS_OK)
		return;
	size_t plain_bytes = set->plain ? pattern_plains_bytes(set->plain) : 0;
	struct pattern_plains *plain = take(builder, 1, plain_bytes);
	uint32_t *owner = take(builder, set->count, sizeof(*owner));
	struct span *text = take(builder, set->count, sizeof(*text));
	if (builder->status != STATUS_OK)
		return;
	set->owner = memcpy(owner, set->owner, set->count * sizeof(*owner));
	if (set->count == 0)
		return;
	if (set->plain)
		set->plain = memcpy(plain, set->plain, plain_bytes);
	set->text = memcpy(text, set->text, set->count * sizeof(*text));
}

/* What company_prefetch() asks for of the patterns is all that there is. */
static bool are_patterns_near(const struct company *company)
{
	const struct pattern_set *set = &company->friends;
	const char *near = (const char *)(company + 1);

	return set->plain_count == set->count &&
	       (set->count == 0 || (const char *)(set->owner + set->count) <= near + COMPANY_NEAR_BYTES);
}

static void build_acl(struct builder *builder, struct call_acl *acl, const struct model_acl *model)
{
	uint32_t count = model->rules.count;
	struct arena local = {0};
	const struct model_text **text = arena_take_array(&local, count, sizeof(*text));
	uint32_t *owner = take(builder, count, sizeof(*owner));
	acl->name = copy(builder, &model->name);
	acl->default_allow = model->default_action.value == MODEL_ACL_ALLOW;
	if (!text)
		fail(builder, STATUS_NO_MEMORY);
	for (uint32_t i = 0; i < count && builder->status == STATUS_OK; i++) {
		const struct model_rule *rule = &model_rules(model)[i];
		owner[i] = rule->allow.text != NULL;
		text[i] = owner[i] ? &rule->allow : &rule->deny;
	}
	build_pattern_set(builder, &acl->rules, text, owner, count);
	if (builder->status == STATUS_INVALID)
		builder->error->key = owner[builder->error->index] ? "allow" : "deny";
	arena_free(&local);
}

static void build_acls(struct builder *builder)
{
	struct company *company = builder->company;
	company->acl_count = builder->model->call_acls.count;
	company->acl = builder->acl = take(builder, company->acl_count, sizeof(struct call_acl));
	for (uint32_t i = 0; i < company->acl_count && builder->status == STATUS_OK; i++)
		build_acl(builder, &builder->acl[i], &model_acls(builder->model)[i]);
}

static int compare_friends(const void *a, const void *b)
{
	const struct model_friend *left = *(const struct model_friend *const *)a;
	const struct model_friend *right = *(const struct model_friend *const *)b;
	if (left->priority.value != right->priority.value)
		return left->priority.value < right->priority.value ? -1 : 1;
	const struct model_text *left_name = &left->endpoint.name, *right_name = &right->endpoint.name;
	uint32_t common = left_name->length < right_name->length ? left_name->length : right_name->length;
	int order = memcmp(left_name->text, right_name->text, common);
	return order ? order : (int)left_name->length - (int)right_name->length;
}

/* R8: ids follow (priority, friend name, order of the friend's patterns). Owners: endpoints, users first. */
static void build_friends(struct builder *builder)
{
	const struct model_company *model = builder->model;
	uint32_t friends = model->friends.count, users = model->users.count, count = 0;
	if (builder->status != STATUS_OK)
		return;
	for (uint32_t i = 0; i < friends; i++)
		count += model_friends(model)[i].patterns.count;
	struct arena local = {0};
	const struct model_friend **order = arena_take_array(&local, friends, sizeof(*order));
	const struct model_text **text = arena_take_array(&local, count, sizeof(*text));
	uint32_t *owner = arena_take_array(&local, count, sizeof(*owner));
	if (order && text && owner) {
		for (uint32_t i = 0; i < friends; i++)
			order[i] = &model_friends(model)[i];
		qsort(order, friends, sizeof(*order), compare_friends);
		uint32_t id = 0;
		for (uint32_t i = 0; i < friends; i++) {
			const struct model_texts *patterns = &order[i]->patterns;
			for (uint32_t j = 0; j < patterns->count; j++, id++) {
				text[id] = &patterns->item[j];
				owner[id] = users + (uint32_t)(order[i] - model_friends(model));
			}
		}
		build_pattern_set(builder, &builder->company->friends, text, owner, count);
		bring_near(builder, &builder->company->friends);
		builder->company->has_near_patterns = are_patterns_near(builder->company);
		if (builder->status == STATUS_INVALID)
			builder->error->key = "patterns";
	} else {
		fail(builder, STATUS_NO_MEMORY);
	}
	arena_free(&local);
}

/* ---- the whole ---- */

static void build_names(struct builder *builder)
{
	builder->company->name = copy(builder, &builder->model->name);
	builder->company->domain = copy(builder, &builder->model->domain);
}

static void build_own(struct builder *builder)
{
	const struct model_company *model = builder->model;
	struct company *company = builder->company;
	company->dial_plan.country = country_find(model_span(&model->country));
	company->dial_plan.area_code = copy(builder, &model->area_code);
	company->outgoing_ddi = copy(builder, &model->outgoing_ddi);
	company->max_calls = (uint32_t)model->max_calls.value;
	struct span *emergency = take(builder, model->emergency.count, sizeof(*emergency));
	struct net_prefix *source = take(builder, model->sources.count, sizeof(*source));
	if (builder->status != STATUS_OK)
		return;
	for (uint32_t i = 0; i < model->emergency.count; i++)
		emergency[i] = copy(builder, &model->emergency.item[i]);
	for (uint32_t i = 0; i < model->sources.count; i++)
		if (address_text_parse_prefix(&source[i], model_span(&model->sources.item[i])))
			fail(builder, STATUS_INVALID);
	company->emergency = emergency;
	company->emergency_count = model->emergency.count;
	company->source = source;
	company->source_count = model->sources.count;
	crypto_shorthash((unsigned char *)&company->id, (const unsigned char *)model->name.text, model->name.length,
			 builder->keys->aor_key);
}

enum status company_build(struct company_block **block, const struct model_company *model,
			  const struct secret_keys *keys, struct pattern_pool *pool, struct pattern_error *error)
{
	_Static_assert(sizeof(((struct company *)0)->id) == crypto_shorthash_BYTES, "the id is one hash");
	_Static_assert(sizeof(keys->aor_key) == crypto_shorthash_KEYBYTES, "keyed with the key of addresses of record");
	size_t bytes = company_size_bytes(model);
	struct company_block *made = block_memory_take(sizeof(*made) + ARENA_CHUNK_HEADER_BYTES + bytes);
	if (!made)
		return STATUS_NO_MEMORY;
	arena_init_on(&made->arena, made + 1, ARENA_CHUNK_HEADER_BYTES + bytes);
	atomic_init(&made->references, 1);
	*error = (struct pattern_error){0};
	struct builder builder = {
		.model = model, .keys = keys, .pool = pool, .error = error, .block = made, .company = &made->company};
	made->pattern = calloc(1 + (size_t)model->call_acls.count, sizeof(struct pattern_compiled *));
	if (!made->pattern)
		fail(&builder, STATUS_NO_MEMORY);
	void (*const steps[])(struct builder *) = {build_names,	    build_friends,    build_own, build_acls,
						   build_endpoints, build_extensions, build_ddis};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && builder.status == STATUS_OK; i++)
		steps[i](&builder);
	if (builder.status != STATUS_OK) {
		company_build_release(made);
		return builder.status;
	}
	*block = made;
	return STATUS_OK;
}

const struct company *company_build_view(const struct company_block *block)
{
	return &block->company;
}

struct company_block *company_build_take(struct company_block *block)
{
	atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
	return block;
}

void company_build_release(struct company_block *block)
{
	/* The last release pairs with the earlier ones: what other holders did comes before the free. */
	if (!block || atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) != 1)
		return;
	for (uint32_t i = 0; i < block->pattern_count; i++)
		pattern_set_build_release(block->pattern[i]);
	free(block->pattern);
	arena_free(&block->arena);
	block_memory_give_back(block);
}

bool company_build_has_database(const struct company_block *block)
{
	bool has_any = false;
	for (uint32_t i = 0; i < block->pattern_count; i++)
		has_any |= pattern_set_build_scanned(block->pattern[i]).count > 0;
	return has_any;
}

enum status company_build_share_patterns(const struct company_block *block, struct pattern_pool *pool)
{
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < block->pattern_count && status == STATUS_OK; i++)
		if (pattern_set_build_scanned(block->pattern[i]).count > 0)
			status = pattern_pool_add(pool, block->pattern[i]);
	return status;
}
