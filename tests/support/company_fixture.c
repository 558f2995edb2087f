#include "company_fixture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static void require(bool good, const char *what, const char *which)
{
	if (good)
		return;
	fprintf(stderr, "company_fixture: %s: %s\n", what, which);
	abort();
}

static uint32_t next_index(uint32_t *count, const char *what)
{
	require(*count < FIXTURE_ROWS_MAX, "more than FIXTURE_ROWS_MAX", what);
	return (*count)++;
}

static const struct country *find_country(const char *code)
{
	const struct country *country = country_find(span_of_text(code));
	require(country != NULL, "no such country", code);
	return country;
}

struct net_address fixture_address(const char *ipv4)
{
	struct net_address address = {.port = 5060, .transport = TRANSPORT_UDP};
	uint8_t four_bytes[4];

	require(inet_pton(AF_INET, ipv4, four_bytes) == 1, "no IPv4 address", ipv4);
	net_address_set_v4(address.ip, four_bytes);
	return address;
}

struct directory_fixture *directory_fixture_create(void)
{
	struct directory_fixture *fixture = calloc(1, sizeof(*fixture));
	require(fixture != NULL, "memory", "none left");
	pattern_set_fixture_init(&fixture->scratch);
	return fixture;
}

struct company_fixture *directory_fixture_add_company(struct directory_fixture *fixture, const char *name,
						      const char *domain, const char *country, const char *area_code)
{
	struct company_fixture *added = calloc(1, sizeof(*added));
	require(added != NULL, "memory", "none left");
	uint32_t index = next_index(&fixture->directory.company_count, "companies");

	added->owner = fixture;
	added->company.id = index + 1;
	added->company.name = span_of_text(name);
	added->company.domain = span_of_text(domain);
	added->company.dial_plan = (struct dial_plan){find_country(country), span_of_text(area_code)};
	fixture->company[index] = added;
	fixture->company_block[index] = &added->company;
	return added;
}

struct carrier *directory_fixture_add_carrier(struct directory_fixture *fixture, const char *name, uint32_t priority,
					      const char *address, const char *country)
{
	struct carrier *carrier = &fixture->carrier[next_index(&fixture->directory.carrier_count, "carriers")];

	carrier->name = span_of_text(name);
	carrier->priority = priority;
	carrier->address[0] = fixture_address(address);
	carrier->address_count = 1;
	carrier->dial_plan.country = country ? find_country(country) : NULL;
	return carrier;
}

void directory_fixture_add_carrier_pattern(struct directory_fixture *fixture, const struct carrier *carrier,
					   const char *pattern)
{
	uint32_t index = next_index(&fixture->pattern_count, "carrier patterns");
	fixture->pattern[index] = (struct pattern_row){pattern, (uint32_t)(carrier - fixture->carrier)};
}

void directory_fixture_add_carrier_address(struct carrier *carrier, const char *address)
{
	require(carrier->address_count < CARRIER_ADDRESSES_MAX, "more than CARRIER_ADDRESSES_MAX", address);
	carrier->address[carrier->address_count++] = fixture_address(address);
}

void directory_fixture_add_carrier_source(struct directory_fixture *fixture, const struct carrier *carrier,
					  const char *address, uint8_t length_bits)
{
	struct carrier_source *source =
		&fixture->carrier_source[next_index(&fixture->directory.carrier_source_count, "carrier sources")];

	memcpy(source->prefix.ip, fixture_address(address).ip, sizeof(source->prefix.ip));
	source->prefix.length_bits = (uint8_t)(96 + length_bits);
	source->carrier = (uint32_t)(carrier - fixture->carrier);
}

static struct endpoint *add_endpoint(struct company_fixture *company, const char *name, enum endpoint_kind kind)
{
	struct endpoint *endpoint = &company->endpoint[next_index(&company->company.endpoint_count, "endpoints")];

	endpoint->name = span_of_text(name);
	endpoint->kind = (uint8_t)kind;
	endpoint->dial_plan = company->company.dial_plan;
	endpoint->from_domain = company->company.domain;
	endpoint->multi_contact = true;
	endpoint->ddi_in = true;
	endpoint->priority = 1;
	return endpoint;
}

struct endpoint *company_fixture_add_user(struct company_fixture *company, const char *name, const char *extension)
{
	struct endpoint *user = add_endpoint(company, name, ENDPOINT_USER);

	if (extension) {
		user->extension = span_of_text(extension);
		company_fixture_add_extension(company, extension, fixture_route_user(company, user));
	}
	return user;
}

struct endpoint *company_fixture_add_friend(struct company_fixture *company, const char *name, uint16_t priority)
{
	struct endpoint *added = add_endpoint(company, name, ENDPOINT_FRIEND);

	added->priority = priority;
	return added;
}

void company_fixture_make_direct(struct endpoint *endpoint, const char *address)
{
	endpoint->is_direct = true;
	endpoint->direct = fixture_address(address);
}

void company_fixture_add_pattern(struct company_fixture *company, const struct endpoint *endpoint, const char *pattern)
{
	uint32_t index = next_index(&company->pattern_count, "patterns");
	company->pattern[index] = (struct pattern_row){pattern, (uint32_t)(endpoint - company->endpoint)};
}

void company_fixture_add_forward(struct company_fixture *company, const struct endpoint *friend, struct forward forward)
{
	uint32_t index = (uint32_t)(friend - company->endpoint);
	struct endpoint *endpoint = &company->endpoint[index];

	require(endpoint->forward_count < FORWARDS_MAX, "more than FORWARDS_MAX", "forwards");
	company->forward[index][endpoint->forward_count++] = forward;
	endpoint->forward = company->forward[index];
}

void company_fixture_add_extension(struct company_fixture *company, const char *number, struct route route)
{
	uint32_t index = next_index(&company->company.extension_count, "extensions");
	company->extension[index] = (struct extension){span_of_text(number), route};
}

void company_fixture_add_ddi(struct company_fixture *company, const char *number, const char *display,
			     struct route route)
{
	uint32_t index = next_index(&company->company.ddi_count, "DDIs");
	company->ddi[index] = (struct ddi){span_of_text(number), span_of_text(display), route};
}

const struct call_acl *company_fixture_add_acl(struct company_fixture *company, const char *name, bool default_allow)
{
	struct call_acl *acl = &company->acl[next_index(&company->company.acl_count, "ACLs")];

	acl->name = span_of_text(name);
	acl->default_allow = default_allow;
	return acl;
}

void company_fixture_add_rule(struct company_fixture *company, const struct call_acl *acl, bool allow,
			      const char *pattern)
{
	uint32_t index = next_index(&company->rule_count, "rules");
	company->rule[index] = (struct pattern_row){pattern, (uint32_t)(acl - company->acl) * 2 + allow};
}

void company_fixture_add_emergency(struct company_fixture *company, const char *number)
{
	company->emergency[next_index(&company->company.emergency_count, "emergency numbers")] = span_of_text(number);
}

void company_fixture_add_source(struct company_fixture *company, const char *address, uint8_t length_bits)
{
	struct net_prefix *prefix = &company->source[next_index(&company->company.source_count, "sources")];

	memcpy(prefix->ip, fixture_address(address).ip, sizeof(prefix->ip));
	prefix->length_bits = (uint8_t)(96 + length_bits);
}

struct route fixture_route_none(void)
{
	return (struct route){.target = ROUTE_NONE};
}

struct route fixture_route_user(const struct company_fixture *company, const struct endpoint *user)
{
	return (struct route){.target = ROUTE_USER, .endpoint = (uint32_t)(user - company->endpoint)};
}

struct route fixture_route_friend(const char *number)
{
	return (struct route){.target = ROUTE_FRIEND, .number = span_of_text(number)};
}

struct route fixture_route_extension(const char *number)
{
	return (struct route){.target = ROUTE_EXTENSION, .number = span_of_text(number)};
}

struct route fixture_route_number(const char *number)
{
	return (struct route){.target = ROUTE_NUMBER, .number = span_of_text(number)};
}

static void table_init(struct name_table *table)
{
	struct name_slot *slot = calloc(FIXTURE_ROWS_MAX * 2, sizeof(*slot));
	require(slot != NULL, "memory", "none left");
	*table = (struct name_table){.slot = slot, .mask = FIXTURE_ROWS_MAX * 2 - 1};
}

static void table_add(struct name_table *table, struct span name, uint32_t value, bool fold)
{
	struct name_slot *slots = (struct name_slot *)(uintptr_t)table->slot;
	uint32_t hash = name_table_hash(name, fold), i = hash & table->mask;

	while (slots[i].length_plus_one)
		i = (i + 1) & table->mask;
	slots[i] = (struct name_slot){.hash = hash, .value = value, .length_plus_one = name.length + 1};
	if (name.length > NAME_INLINE_BYTES)
		memcpy(slots[i].text, &name.at, sizeof(name.at));
	else if (name.length)
		memcpy(slots[i].text, name.at, name.length);
	table->count++;
}

static void table_free(struct name_table *table)
{
	free((void *)(uintptr_t)table->slot);
	*table = (struct name_table){0};
}

static int compare_names(struct span a, struct span b)
{
	uint32_t common = a.length < b.length ? a.length : b.length;
	int order = memcmp(a.at, b.at, common);
	return order ? order : (a.length > b.length) - (a.length < b.length);
}

/* Is the owner of `a` tried after the owner of `b` (R8, R16)? */
typedef bool (*comes_after_fn)(const void *owners, uint32_t a, uint32_t b);

static bool friend_comes_after(const void *owners, uint32_t a, uint32_t b)
{
	const struct endpoint *endpoint = owners;
	if (endpoint[a].priority != endpoint[b].priority)
		return endpoint[a].priority > endpoint[b].priority;
	return compare_names(endpoint[a].name, endpoint[b].name) > 0;
}

static bool carrier_comes_after(const void *owners, uint32_t a, uint32_t b)
{
	const struct carrier *carrier = owners;
	if (carrier[a].priority != carrier[b].priority)
		return carrier[a].priority > carrier[b].priority;
	return compare_names(carrier[a].name, carrier[b].name) > 0;
}

/* Insertion sort: patterns of one owner keep their order. */
static void sort_patterns(struct pattern_row *rows, uint32_t count, const void *owners, comes_after_fn comes_after)
{
	for (uint32_t i = 1; i < count; i++) {
		struct pattern_row row = rows[i];
		uint32_t at = i;
		for (; at > 0 && comes_after(owners, rows[at - 1].owner, row.owner); at--)
			rows[at] = rows[at - 1];
		rows[at] = row;
	}
}

static void finish_acls(struct company_fixture *fixture)
{
	for (uint32_t i = 0; i < fixture->company.acl_count; i++) {
		struct pattern_row rows[FIXTURE_ROWS_MAX];
		uint32_t count = 0;
		for (uint32_t rule = 0; rule < fixture->rule_count; rule++)
			if (fixture->rule[rule].owner / 2 == i)
				rows[count++] =
					(struct pattern_row){fixture->rule[rule].text, fixture->rule[rule].owner % 2};
		pattern_set_fixture_build(&fixture->acl[i].rules, rows, count, &fixture->owner->scratch);
	}
}

static void finish_company(struct company_fixture *fixture)
{
	struct company *company = &fixture->company;

	company->endpoint = fixture->endpoint;
	company->extension = fixture->extension;
	company->ddi = fixture->ddi;
	company->acl = fixture->acl;
	company->emergency = fixture->emergency;
	company->source = fixture->source;
	table_init(&company->endpoint_by_name);
	table_init(&company->extension_by_number);
	table_init(&company->ddi_by_number);
	for (uint32_t i = 0; i < company->endpoint_count; i++) {
		struct endpoint *endpoint = &fixture->endpoint[i];
		if (endpoint->presented_ddi.length == 0)
			endpoint->presented_ddi = company->outgoing_ddi;
		company->has_source_auth |= endpoint->auth == ENDPOINT_AUTH_SOURCE;
		table_add(&company->endpoint_by_name, endpoint->name, i, false);
	}
	for (uint32_t i = 0; i < company->extension_count; i++)
		table_add(&company->extension_by_number, fixture->extension[i].number, i, false);
	for (uint32_t i = 0; i < company->ddi_count; i++)
		table_add(&company->ddi_by_number, fixture->ddi[i].number, i, false);
	sort_patterns(fixture->pattern, fixture->pattern_count, fixture->endpoint, friend_comes_after);
	pattern_set_fixture_build(&company->friends, fixture->pattern, fixture->pattern_count,
				  &fixture->owner->scratch);
	finish_acls(fixture);
}

static void add_direct_source(struct directory_fixture *fixture, const struct endpoint *endpoint, uint32_t company)
{
	struct directory *directory = &fixture->directory;
	uint32_t at = 0;

	while (at < directory->direct_source_count &&
	       memcmp(fixture->direct_source[at].ip, endpoint->direct.ip, 16) < 0)
		at++;
	struct direct_source *source = &fixture->direct_source[at];
	if (at < directory->direct_source_count && memcmp(source->ip, endpoint->direct.ip, 16) == 0) {
		if (source->company != company)
			source->company = DIRECT_COMPANY_MANY;
		return;
	}
	memmove(source + 1, source, (next_index(&directory->direct_source_count, "direct") - at) * sizeof(*source));
	memcpy(source->ip, endpoint->direct.ip, 16);
	source->company = company;
}

static void finish_carriers(struct directory_fixture *fixture)
{
	for (uint32_t i = 0; i < fixture->directory.carrier_count; i++) {
		bool has_pattern = false;
		for (uint32_t k = 0; k < fixture->pattern_count; k++)
			has_pattern |= fixture->pattern[k].owner == i;
		if (!has_pattern)
			directory_fixture_add_carrier_pattern(fixture, &fixture->carrier[i], ".*");
	}
	sort_patterns(fixture->pattern, fixture->pattern_count, fixture->carrier, carrier_comes_after);
	pattern_set_fixture_build(&fixture->directory.carrier_patterns, fixture->pattern, fixture->pattern_count,
				  &fixture->scratch);
}

void directory_fixture_finish(struct directory_fixture *fixture)
{
	struct directory *directory = &fixture->directory;

	directory->company = fixture->company_block;
	directory->carrier = fixture->carrier;
	directory->carrier_source = fixture->carrier_source;
	directory->direct_source = fixture->direct_source;
	directory->ddi_owner = fixture->ddi_owner;
	table_init(&directory->company_by_domain);
	table_init(&directory->ddi_by_number);
	for (uint32_t i = 0; i < directory->company_count; i++) {
		const struct company *company = &fixture->company[i]->company;
		finish_company(fixture->company[i]);
		table_add(&directory->company_by_domain, company->domain, i, true);
		for (uint32_t k = 0; k < company->ddi_count; k++) {
			uint32_t index = next_index(&directory->ddi_count, "DDIs");
			fixture->ddi_owner[index] = (struct ddi_owner){i, k};
			table_add(&directory->ddi_by_number, company->ddi[k].number, index, false);
		}
		for (uint32_t k = 0; k < company->endpoint_count; k++)
			if (company->endpoint[k].is_direct)
				add_direct_source(fixture, &company->endpoint[k], i);
	}
	finish_carriers(fixture);
}

static void free_company(struct company_fixture *fixture)
{
	struct company *company = &fixture->company;

	table_free(&company->endpoint_by_name);
	table_free(&company->extension_by_number);
	table_free(&company->ddi_by_number);
	pattern_set_fixture_free(&company->friends);
	for (uint32_t i = 0; i < company->acl_count; i++)
		pattern_set_fixture_free(&fixture->acl[i].rules);
	free(fixture);
}

void directory_fixture_free(struct directory_fixture *fixture)
{
	for (uint32_t i = 0; i < fixture->directory.company_count; i++)
		free_company(fixture->company[i]);
	table_free(&fixture->directory.company_by_domain);
	table_free(&fixture->directory.ddi_by_number);
	pattern_set_fixture_free(&fixture->directory.carrier_patterns);
	pattern_set_fixture_free_scratch(&fixture->scratch);
	free(fixture);
}
