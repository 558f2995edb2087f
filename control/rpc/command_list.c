#include "command.h"

#include <time.h>

#include "caller_identify.h"
#include "friend_show.h"
#include "json_text.h"
#include "provision.h"
#include "publish.h"
#include "registrar.h"
#include "router.h"
#include "tsc_clock.h"

/* The addresses at which an endpoint is registered now; null: nowhere. */
static json_t *registered_json(const struct router *router, const struct model_company *company,
			       const struct model_endpoint *endpoint)
{
	const struct snapshot *snapshot = publish_current(router->publisher);
	const struct company *live = company_find_by_domain(snapshot->directory, model_span(&company->domain));
	const struct endpoint *found = live ? endpoint_find(live, model_span(&endpoint->name)) : NULL;
	const struct binding_set *set = found ? location_find(snapshot->location, found->aor_key) : NULL;
	uint64_t now_tsc = tsc_clock_now();
	json_t *list = json_array();

	for (uint32_t i = 0; set && i < set->count; i++) {
		char text[JSON_TEXT_ADDRESS_BYTES_MAX];
		struct net_address address = binding_next_hop(&set->binding[i]);
		if (set->binding[i].expires_tsc > now_tsc)
			json_array_append_new(list,
					      json_string(json_text_write_address(text, address.ip, address.port)));
	}
	return list;
}

void command_list_companies(struct rpc_call *call, void *context)
{
	const struct router *router = context;
	const struct model *model = provision_model(router->provision);
	json_t *list = json_array();

	for (uint32_t i = 0; i < model->companies.count; i++) {
		const struct model_company *company = &model_companies(model)[i];
		json_array_append_new(
			list,
			json_pack("{s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:o}", "name", command_text(&company->name),
				  "domain", command_text(&company->domain), "country", command_text(&company->country),
				  "users", (int)company->users.count, "friends", (int)company->friends.count,
				  "extensions", (int)company->extensions.count, "ddis", (int)company->ddis.count,
				  "outgoing_ddi", command_text(&company->outgoing_ddi)));
	}
	rpc_call_result(call, list);
}

static json_t *friend_json(const struct router *router, const struct model_company *company,
			   const struct model_friend *friend)
{
	return json_pack(
		"{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "company", command_text(&company->name),
		"name", command_text(&friend->endpoint.name), "priority", (json_int_t) friend->priority.value,
		"patterns", command_texts(&friend->patterns), "direct", command_text(&friend->direct), "registered_at",
		registered_json(router, company, &friend->endpoint), "call_acl",
		command_text(&friend->endpoint.call_acl), "description", command_text(&friend->description), "codecs",
		command_texts(&friend->endpoint.codecs), "max_calls", (json_int_t) friend->endpoint.max_calls.value,
		"max_cps", (json_int_t) friend->max_cps.value, "forwards", friend_show_forwards(friend));
}

void command_list_friends(struct rpc_call *call, void *context)
{
	const struct router *router = context;
	const struct model_company *companies;
	uint32_t count;

	if (!command_choose_companies(call, router, &companies, &count))
		return;
	json_t *list = json_array();
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < companies[i].friends.count; k++)
			json_array_append_new(list,
					      friend_json(router, &companies[i], &model_friends(&companies[i])[k]));
	rpc_call_result(call, list);
}

static json_t *user_json(const struct router *router, const struct model_company *company,
			 const struct model_user *user)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "company", command_text(&company->name), "name",
			 command_text(&user->endpoint.name), "extension", command_text(&user->extension), "display",
			 command_text(&user->display), "registered_at",
			 registered_json(router, company, &user->endpoint), "outgoing_ddi",
			 command_text(&user->outgoing_ddi), "call_acl", command_text(&user->endpoint.call_acl),
			 "codecs", command_texts(&user->endpoint.codecs));
}

void command_list_users(struct rpc_call *call, void *context)
{
	const struct router *router = context;
	const struct model_company *companies;
	uint32_t count;

	if (!command_choose_companies(call, router, &companies, &count))
		return;
	json_t *list = json_array();
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < companies[i].users.count; k++)
			json_array_append_new(list, user_json(router, &companies[i], &model_users(&companies[i])[k]));
	rpc_call_result(call, list);
}

/* One listing of registrations under way. */
struct listing {
	json_t *list;
	struct span domain; /* length 0: all */
	int64_t now_s;
};

static struct span domain_of(struct span aor)
{
	const char *at = memrchr(aor.at, '@', aor.length);
	return at ? span_skip(aor, (uint32_t)(at + 1 - aor.at)) : (struct span){0};
}

static bool add_registration(void *argument, const struct registrar_listed *listed)
{
	struct listing *listing = argument;
	char received[JSON_TEXT_ADDRESS_BYTES_MAX];

	if (listing->domain.length && !span_equals_nocase(listing->domain, domain_of(listed->aor)))
		return true;
	json_text_write_address(received, listed->received.ip, listed->received.port);
	json_array_append_new(
		listing->list,
		json_pack("{s:o, s:o, s:s, s:I, s:b, s:I, s:i, s:f, s:o, s:o}", "aor", json_text_make(listed->aor),
			  "contact", json_text_make(listed->contact), "received", received, "expires_s",
			  (json_int_t)(listed->expires_unix_s - listing->now_s), "behind_nat", listed->behind_nat,
			  "seen_s_ago", (json_int_t)(listing->now_s - listed->seen_unix_s), "pings_unanswered",
			  (int)listed->pings_unanswered, "q", listed->q / 1000.0, "path", json_text_make(listed->path),
			  "user_agent", json_text_make(listed->user_agent)));
	return true;
}

void command_list_registrations(struct rpc_call *call, void *context)
{
	const struct router *router = context;
	struct listing listing = {.now_s = (int64_t)time(NULL)};

	if (rpc_call_text(call, "company")) {
		const struct model_company *company;
		uint32_t count;
		if (!command_choose_companies(call, router, &company, &count))
			return;
		listing.domain = model_span(&company->domain);
	}
	listing.list = json_array();
	registrar_list(router->registrar, add_registration, &listing);
	rpc_call_result(call, listing.list);
}
