#include "explain_diff.h"

#include <stdlib.h>

#include <hs.h>

#include "directory_names.h"
#include "explain.h"
#include "explain_alike.h"
#include "json_memory.h"
#include "json_text.h"
#include "match_memory.h"

enum { NOW, THEN, SIDES };

static const char *const side_names[SIDES] = {"now", "then"};
static const char *const kind_names[] = {
	[CALL_PARTY_USER] = "user", [CALL_PARTY_FRIEND] = "friend", [CALL_PARTY_CARRIER] = "carrier"};

/* A call by names, so that both sides can place it. */
struct placed {
	uint8_t caller_kind; /* enum call_party */
	bool anonymous;
	const char *source;
	struct span company, from, to, identity; /* company of a carrier: the called one, to be shown */
};

/* One directory. */
struct side {
	struct directory_names names;
	struct explanation *explanation;
};

/* The kinds of caller that a company has. */
static const struct {
	enum call_party party;
	enum endpoint_kind kind;
} callers[] = {{CALL_PARTY_USER, ENDPOINT_USER}, {CALL_PARTY_FRIEND, ENDPOINT_FRIEND}};
#define CALLER_COUNT (sizeof(callers) / sizeof(callers[0]))

/* A company of both sides, and who dials what it has: the first of each kind that both have; length 0: none. */
struct pair {
	const struct company *company[SIDES];
	struct span caller[CALLER_COUNT];
};

struct comparing {
	struct side side[SIDES];
	struct pair *pair; /* in the order of their names */
	uint32_t pair_count;
	struct span carrier; /* who dials from outside; length 0: nobody */
	struct match_scratch scratch;
	uint32_t compared, different;
	json_t *calls;
	json_t *unmatched;
	uint32_t unmatched_count;
};

/* ---- names ---- */

static int compare_name_of_pair(const void *name, const void *pair)
{
	return directory_names_compare(*(const struct span *)name, ((const struct pair *)pair)->company[NOW]->name);
}

/* Result: NULL: one side alone has it, or none. */
static const struct pair *find_pair(const struct comparing *comparing, struct span name)
{
	return comparing->pair_count ? bsearch(&name, comparing->pair, comparing->pair_count, sizeof(struct pair),
					       compare_name_of_pair)
				     : NULL;
}

/* ---- one call ---- */

/* Result: false: its caller is not on this side. */
static bool place(struct comparing *comparing, const struct side *side, const struct placed *placed)
{
	struct route_request request = {
		.directory = side->names.directory,
		.scratch = &comparing->scratch,
		.number = placed->to,
		.identity_user = placed->identity,
		.anonymous = placed->anonymous,
	};

	if (placed->caller_kind == CALL_PARTY_CARRIER) {
		request.carrier = directory_names_find_carrier(&side->names, placed->from);
	} else {
		bool is_user = placed->caller_kind == CALL_PARTY_USER;
		request.company = directory_names_find_company(&side->names, placed->company);
		request.caller = directory_names_find_endpoint(request.company, placed->from,
							       is_user ? ENDPOINT_USER : ENDPOINT_FRIEND);
		request.from_user = placed->from;
	}
	if (!request.carrier && !request.caller)
		return false;
	explain_decide(side->explanation, &request);
	return true;
}

static json_t *describe(const struct side *side, bool is_there)
{
	return is_there ? explain_alike_describe(side->explanation) : json_null();
}

static void list_call(struct comparing *comparing, const struct placed *placed, const bool is_there[SIDES])
{
	json_t *row = json_object();

	json_object_set_new(row, "company", json_text_or_null(placed->company));
	json_object_set_new(row, "caller", json_string(kind_names[placed->caller_kind]));
	json_object_set_new(row, "from", json_text_or_null(placed->from));
	json_object_set_new(row, "to", json_text_or_null(placed->to));
	json_object_set_new(row, "identity", json_text_or_null(placed->identity));
	json_object_set_new(row, "anonymous", json_boolean(placed->anonymous));
	json_object_set_new(row, "source", json_string(placed->source));
	for (int i = 0; i < SIDES; i++)
		json_object_set_new(row, side_names[i], describe(&comparing->side[i], is_there[i]));
	json_array_append_new(comparing->calls, row);
}

static void compare(struct comparing *comparing, const struct placed *placed)
{
	const struct side *now = &comparing->side[NOW], *then = &comparing->side[THEN];
	const bool is_there[SIDES] = {place(comparing, now, placed), place(comparing, then, placed)};

	if (!is_there[NOW] && !is_there[THEN])
		return;
	comparing->compared++;
	if (is_there[NOW] && is_there[THEN] && explain_alike(now->explanation, then->explanation))
		return;
	if (comparing->different++ < EXPLAIN_DIFF_LISTED_MAX)
		list_call(comparing, placed, is_there);
}

/* ---- extensions and DDIs ---- */

/* By the first user and the first friend. */
static void compare_inside(struct comparing *comparing, const struct pair *pair, struct span number, const char *source)
{
	for (size_t i = 0; i < CALLER_COUNT; i++) {
		const struct placed placed = {
			.caller_kind = (uint8_t)callers[i].party,
			.source = source,
			.company = pair->company[NOW]->name,
			.from = pair->caller[i],
			.to = number,
		};
		if (placed.from.length)
			compare(comparing, &placed);
	}
}

static bool has_extension(const struct company *company, struct span number)
{
	uint32_t ignored;

	return name_table_find(&ignored, &company->extension_by_number, number, false);
}

static bool has_own_ddi(const struct company *company, struct span number)
{
	uint32_t ignored;

	return name_table_find(&ignored, &company->ddi_by_number, number, false);
}

/* What both have is tried when it is met in what is now. */
static void compare_company(struct comparing *comparing, const struct pair *pair)
{
	for (int side = 0; side < SIDES; side++) {
		const struct company *own = pair->company[side], *other = pair->company[side == NOW ? THEN : NOW];
		for (uint32_t i = 0; i < own->extension_count; i++)
			if (side == NOW || !has_extension(other, own->extension[i].number))
				compare_inside(comparing, pair, own->extension[i].number, "extensions");
		for (uint32_t i = 0; i < own->ddi_count; i++)
			if (side == NOW || !has_own_ddi(other, own->ddi[i].number))
				compare_inside(comparing, pair, own->ddi[i].number, "ddis");
	}
}

static void compare_from_outside(struct comparing *comparing)
{
	for (int side = 0; side < SIDES && comparing->carrier.length; side++) {
		const struct directory *directory = comparing->side[side].names.directory;
		for (uint32_t i = 0; i < directory->ddi_count; i++) {
			const struct company *company = directory->company[directory->ddi_owner[i].company];
			const struct placed placed = {
				.caller_kind = CALL_PARTY_CARRIER,
				.source = "ddis",
				.company = company->name,
				.from = comparing->carrier,
				.to = company->ddi[directory->ddi_owner[i].ddi].number,
			};
			if (side == NOW || !directory_names_has_ddi(&comparing->side[NOW].names, placed.to))
				compare(comparing, &placed);
		}
	}
}

/* ---- calls of the past ---- */

/* Will it be tried as an extension or a DDI? */
static bool is_tried_anyway(const struct comparing *comparing, const struct placed *placed)
{
	const struct directory_names *now = &comparing->side[NOW].names, *then = &comparing->side[THEN].names;

	if (placed->identity.length || placed->anonymous)
		return false;
	if (placed->caller_kind == CALL_PARTY_CARRIER)
		return span_equals(placed->from, comparing->carrier) &&
		       (directory_names_has_ddi(now, placed->to) || directory_names_has_ddi(then, placed->to));
	const struct pair *pair = find_pair(comparing, placed->company);
	size_t caller = placed->caller_kind == callers[0].party ? 0 : 1;
	if (!pair || !span_equals(placed->from, pair->caller[caller]))
		return false;
	for (int side = 0; side < SIDES; side++)
		if (has_extension(pair->company[side], placed->to) || has_own_ddi(pair->company[side], placed->to))
			return true;
	return false;
}

/* Whose DDI a carrier dialled, to be shown. */
static struct span called_company(const struct comparing *comparing, struct span e164)
{
	uint32_t index;

	for (int side = 0; side < SIDES; side++) {
		const struct directory *directory = comparing->side[side].names.directory;
		if (name_table_find(&index, &directory->ddi_by_number, e164, false))
			return directory->company[directory->ddi_owner[index].company]->name;
	}
	return (struct span){0};
}

static void compare_dialled(struct comparing *comparing, const struct dialled_call *call)
{
	struct placed placed = {
		.caller_kind = call->caller_kind,
		.anonymous = call->anonymous,
		.source = "dialled",
		.company = dialled_memory_text(call, DIALLED_COMPANY),
		.from = dialled_memory_text(call, DIALLED_CALLER),
		.to = dialled_memory_text(call, DIALLED_NUMBER),
		.identity = dialled_memory_text(call, DIALLED_IDENTITY),
	};
	struct number e164;

	if (placed.caller_kind == CALL_PARTY_CARRIER) {
		const struct carrier *carrier = directory_names_find_carrier(&comparing->side[NOW].names, placed.from);
		if (carrier && number_to_e164(&e164, placed.to, &carrier->dial_plan))
			placed.company = called_company(comparing, number_text(&e164));
	}
	if (!is_tried_anyway(comparing, &placed))
		compare(comparing, &placed);
}

/* ---- what one side alone has ---- */

static void list_unmatched(struct comparing *comparing, int side, const char *kind, struct span company,
			   struct span name)
{
	if (comparing->unmatched_count++ < EXPLAIN_DIFF_LISTED_MAX)
		json_array_append_new(comparing->unmatched,
				      json_pack("{s:s, s:s, s:o, s:o}", "in", side_names[side], "kind", kind, "company",
						json_text_or_null(company), "name", json_text_or_null(name)));
}

static void find_unmatched_endpoints(struct comparing *comparing, int side, const struct company *own,
				     const struct company *other)
{
	for (uint32_t i = 0; i < own->endpoint_count; i++) {
		const struct endpoint *endpoint = &own->endpoint[i];
		bool is_user = endpoint->kind == ENDPOINT_USER;
		if (!directory_names_find_endpoint(other, endpoint->name, (enum endpoint_kind)endpoint->kind))
			list_unmatched(comparing, side, is_user ? "user" : "friend", own->name, endpoint->name);
	}
}

static void find_unmatched(struct comparing *comparing, int side)
{
	const struct directory_names *own = &comparing->side[side].names;
	const struct directory_names *other = &comparing->side[side == NOW ? THEN : NOW].names;

	for (uint32_t i = 0; i < own->directory->carrier_count; i++)
		if (!directory_names_find_carrier(other, own->directory->carrier[i].name))
			list_unmatched(comparing, side, "carrier", (struct span){0}, own->directory->carrier[i].name);
	for (uint32_t i = 0; i < own->directory->company_count; i++) {
		const struct company *match = directory_names_find_company(other, own->company[i]->name);
		if (match)
			find_unmatched_endpoints(comparing, side, own->company[i], match);
		else
			list_unmatched(comparing, side, "company", (struct span){0}, own->company[i]->name);
	}
}

/* ---- all of it ---- */

static int compare_texts(const json_t *a, const json_t *b, const char *name)
{
	const char *left = json_string_value(json_object_get(a, name)),
		   *right = json_string_value(json_object_get(b, name));

	return strcmp(left ? left : "", right ? right : "");
}

static int compare_rows(const void *a, const void *b)
{
	static const char *const keys[] = {"company", "from", "to", "identity"};
	int order = 0;

	for (int i = 0; i < 4 && order == 0; i++)
		order = compare_texts(*(json_t *const *)a, *(json_t *const *)b, keys[i]);
	return order;
}

/* Result: NULL when memory ends. Takes `rows`. */
static json_t *sort_rows(json_t *rows)
{
	size_t count = json_array_size(rows);
	json_t **order = calloc(count + 1, sizeof(json_t *)), *sorted = json_array();

	for (size_t i = 0; order && i < count; i++)
		order[i] = json_array_get(rows, i);
	if (order)
		qsort(order, count, sizeof(json_t *), compare_rows);
	else
		json_memory_note_shortage();
	for (size_t i = 0; order && i < count; i++)
		json_array_append(sorted, order[i]);
	free(order);
	json_decref(rows);
	return sorted;
}

static bool open_side(struct side *side, const struct directory *directory)
{
	side->explanation = calloc(1, sizeof(*side->explanation));
	return directory_names_build(&side->names, directory) && side->explanation;
}

static struct span find_first(const struct company *const company[SIDES], enum endpoint_kind kind)
{
	for (uint32_t i = 0; i < company[NOW]->endpoint_count; i++)
		if (company[NOW]->endpoint[i].kind == kind &&
		    directory_names_find_endpoint(company[THEN], company[NOW]->endpoint[i].name, kind))
			return company[NOW]->endpoint[i].name;
	return (struct span){0};
}

static struct span find_first_carrier(const struct comparing *comparing)
{
	const struct directory *now = comparing->side[NOW].names.directory;

	for (uint32_t i = 0; i < now->carrier_count; i++)
		if (directory_names_find_carrier(&comparing->side[THEN].names, now->carrier[i].name))
			return now->carrier[i].name;
	return (struct span){0};
}

/* Who dials is found once, not once a number: both may have ten thousand. */
static bool open_pairs(struct comparing *comparing)
{
	const struct directory_names *now = &comparing->side[NOW].names, *then = &comparing->side[THEN].names;
	uint32_t count = now->directory->company_count, found = 0;

	comparing->carrier = find_first_carrier(comparing);
	comparing->pair = calloc(count + 1, sizeof(struct pair));
	for (uint32_t i = 0; comparing->pair && i < count; i++) {
		const struct company *match = directory_names_find_company(then, now->company[i]->name);
		if (!match)
			continue;
		struct pair *pair = &comparing->pair[found++];
		*pair = (struct pair){.company = {now->company[i], match}};
		for (size_t caller = 0; caller < CALLER_COUNT; caller++)
			pair->caller[caller] = find_first(pair->company, callers[caller].kind);
	}
	comparing->pair_count = found;
	return comparing->pair;
}

static bool open_comparing(struct comparing *comparing, const struct explain_diff_input *input)
{
	struct hs_scratch *largest = NULL;
	bool is_open =
		match_memory_grow(&largest, input->now, NULL) && match_memory_grow(&largest, input->then, input->now) &&
		match_memory_fill(&comparing->scratch, largest) && open_side(&comparing->side[NOW], input->now) &&
		open_side(&comparing->side[THEN], input->then) && open_pairs(comparing);

	hs_free_scratch(largest);
	comparing->calls = json_array();
	comparing->unmatched = json_array();
	return is_open;
}

static void close_comparing(struct comparing *comparing)
{
	for (int i = 0; i < SIDES; i++) {
		free(comparing->side[i].explanation);
		directory_names_free(&comparing->side[i].names);
	}
	free(comparing->pair);
	match_memory_release(&comparing->scratch);
	json_decref(comparing->calls);
	json_decref(comparing->unmatched);
}

static uint32_t beyond_listed(uint32_t count)
{
	return count > EXPLAIN_DIFF_LISTED_MAX ? count - EXPLAIN_DIFF_LISTED_MAX : 0;
}

static json_t *run(struct comparing *comparing, const struct explain_diff_input *input)
{
	for (uint32_t i = 0; i < input->dialled_count; i++)
		compare_dialled(comparing, &input->dialled[i]);
	for (uint32_t i = 0; i < comparing->pair_count; i++)
		compare_company(comparing, &comparing->pair[i]);
	compare_from_outside(comparing);
	find_unmatched(comparing, NOW);
	find_unmatched(comparing, THEN);
	comparing->calls = sort_rows(comparing->calls);
	return json_pack("{s:i, s:i, s:i, s:i, s:O, s:O, s:i}", "compared", (int)comparing->compared, "same",
			 (int)(comparing->compared - comparing->different), "different", (int)comparing->different,
			 "omitted", (int)beyond_listed(comparing->different), "calls", comparing->calls, "unmatched",
			 comparing->unmatched, "unmatched_omitted", (int)beyond_listed(comparing->unmatched_count));
}

json_t *explain_diff(const struct explain_diff_input *input)
{
	struct comparing comparing = {0};
	json_t *result = NULL;

	json_memory_clear();
	if (open_comparing(&comparing, input))
		result = run(&comparing, input);
	close_comparing(&comparing);
	if (!json_memory_was_short())
		return result;
	json_decref(result);
	return NULL;
}
