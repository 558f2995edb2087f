#include "register_decide.h"

#include <arpa/inet.h>

static bool read_ip(uint8_t ip[16], struct span host)
{
	char text[INET6_ADDRSTRLEN];
	struct in_addr v4;
	if (host.length >= sizeof(text))
		return false;
	memcpy(text, host.at, host.length);
	text[host.length] = '\0';
	if (inet_pton(AF_INET, text, &v4) == 1) {
		net_address_set_v4(ip, &v4);
		return true;
	}
	return inet_pton(AF_INET6, text, ip) == 1;
}

bool register_decide_same_host(struct span host, const uint8_t ip[16])
{
	uint8_t read[16];
	return read_ip(read, host) && memcmp(read, ip, sizeof(read)) == 0;
}

bool register_decide_other_host(struct span host, const uint8_t ip[16])
{
	uint8_t read[16];
	return read_ip(read, host) && memcmp(read, ip, sizeof(read)) != 0;
}

static uint32_t expires_of(const struct register_request *request, const struct register_contact *contact,
			   const struct register_terms *terms)
{
	uint32_t expires_s = contact->has_expires   ? contact->expires_s
			     : request->has_expires ? request->expires_s
						    : REGISTER_EXPIRES_DEFAULT_S;
	if (expires_s == 0)
		return 0;
	if (expires_s < terms->min_expires_s)
		return terms->min_expires_s;
	return expires_s > terms->max_expires_s ? terms->max_expires_s : expires_s;
}

/* The host of the first Path URI is the next hop if it can be told without DNS. */
static bool read_path_hop(struct net_address *hop, const struct register_request *request)
{
	struct span uri = register_parse_uri(span_make(request->path, request->path_length));
	if (uri.length < 4 || !span_equals_nocase(span_make(uri.at, 4), SPAN_LITERAL("sip:")))
		return false;
	struct register_contact contact = {0};
	if (!register_parse_host(&contact.host, &contact.port, uri) || !read_ip(hop->ip, contact.host))
		return false;
	hop->port = contact.port ? contact.port : 5060;
	return true;
}

/*
 * R35. Only hosts are compared, not ports: there are devices that send from another port than they listen on, which
 * RFC 3261 18.1.1 allows, and a NAT that keeps the address does not exist. With Path the contact is behind the proxy
 * that added it, and only that one talks to us.
 */
static void find_next_hop(struct binding_record *draft, const struct register_request *request,
			  const struct register_contact *contact, const struct register_terms *terms)
{
	bool same_via = register_decide_same_host(request->via.host, terms->source.ip);
	draft->next_hop = terms->source;
	if (request->path_length) {
		draft->behind_nat = !same_via;
		struct net_address hop = terms->source;
		if (same_via && read_path_hop(&hop, request))
			draft->next_hop = hop;
		return;
	}
	draft->behind_nat = !same_via || !register_decide_same_host(contact->host, terms->source.ip);
	if (!draft->behind_nat)
		draft->next_hop.port = contact->port ? contact->port : 5060;
}

static struct binding_record make_record(const struct register_request *request, const struct register_contact *contact,
					 const struct register_terms *terms, uint32_t expires_s)
{
	const struct register_header *agent = request->first[REGISTER_HEADER_USER_AGENT];
	struct binding_record draft = {
		.contact = contact->uri,
		.path = span_make(request->path, request->path_length),
		.call_id = request->first[REGISTER_HEADER_CALL_ID]->value,
		.instance = contact->instance,
		.user_agent = agent ? agent->value : (struct span){0},
		.received = terms->source,
		.local = terms->local,
		.registered_unix_s = terms->now_unix_s,
		.expires_unix_s = terms->now_unix_s + expires_s,
		.seen_unix_s = terms->now_unix_s,
		.cseq = request->cseq,
		.interface = terms->interface,
		.q = contact->q,
		.is_new = true,
	};
	if (draft.user_agent.length > REGISTER_CONTACT_BYTES_MAX)
		draft.user_agent.length = REGISTER_CONTACT_BYTES_MAX;
	find_next_hop(&draft, request, contact, terms);
	return draft;
}

static bool is_of_call(const struct binding_record *binding, const struct register_request *request)
{
	return span_equals(binding->call_id, request->first[REGISTER_HEADER_CALL_ID]->value);
}

static enum register_result apply_contact(struct binding_list *list, const struct register_request *request,
					  const struct register_contact *contact, const struct register_terms *terms)
{
	uint32_t expires_s = expires_of(request, contact, terms);
	uint32_t index = binding_record_list_find(list, contact->uri);
	if (index < list->count)
		binding_record_list_remove(list, index);
	if (expires_s == 0)
		return REGISTER_CHANGES;
	while (!terms->multi_contact && list->count)
		binding_record_list_remove(list, 0);
	struct binding_record record = make_record(request, contact, terms, expires_s);
	return binding_record_list_add(list, &record) ? REGISTER_CHANGES : REGISTER_FULL;
}

static enum register_result apply_contacts(struct binding_list *list, const struct register_request *request,
					   const struct register_terms *terms)
{
	while (request->contact_star && list->count)
		binding_record_list_remove(list, 0);
	/* Removals first, so that replacing one of ten contacts by another in one request is possible. */
	for (int adding = 0; adding < 2; adding++)
		for (uint32_t i = 0; i < request->contact_count; i++) {
			bool adds = expires_of(request, &request->contact[i], terms) > 0;
			if (adds != (bool)adding)
				continue;
			enum register_result result = apply_contact(list, request, &request->contact[i], terms);
			if (result != REGISTER_CHANGES)
				return result;
		}
	binding_record_list_sort(list);
	return list->count > BINDINGS_PER_AOR_MAX ? REGISTER_FULL : REGISTER_CHANGES;
}

/* Does the request, once more, only make again what it made? */
static enum register_result compare_with_made(const struct binding_list *present,
					      const struct register_request *request,
					      const struct register_terms *terms)
{
	struct binding_list made;
	binding_record_list_copy(&made, present);
	bool same = apply_contacts(&made, request, terms) == REGISTER_CHANGES && made.count == present->count;
	for (uint32_t i = 0; same && i < made.count; i++) {
		if (!made.binding[i].is_new)
			continue;
		uint32_t index = binding_record_list_find(present, made.binding[i].contact);
		const struct binding_record *binding = &present->binding[index];
		same = index < present->count && is_of_call(binding, request) && binding->cseq == request->cseq;
	}
	return same ? REGISTER_RETRANSMITTED : REGISTER_OUT_OF_ORDER;
}

/* RFC 3261 10.3 step 6 and 7, over all bindings of the Call-ID: a client counts up over all that it registers. */
static enum register_result check_order(const struct binding_list *present, const struct register_request *request,
					const struct register_terms *terms)
{
	bool equal = false;
	for (uint32_t i = 0; i < present->count; i++) {
		const struct binding_record *binding = &present->binding[i];
		if (!is_of_call(binding, request))
			continue;
		if (request->cseq < binding->cseq)
			return REGISTER_OUT_OF_ORDER;
		equal |= request->cseq == binding->cseq;
	}
	if (!equal)
		return REGISTER_CHANGES;
	return compare_with_made(present, request, terms);
}

enum register_result register_decide(struct binding_list *next, const struct binding_list *present,
				     const struct register_request *request, const struct register_terms *terms)
{
	if (request->unsupported.length || (request->first[REGISTER_HEADER_PATH] && !request->supports_path))
		return REGISTER_BAD_EXTENSION;
	if (request->contact_star && (!request->has_expires || request->expires_s != 0))
		return REGISTER_BAD;
	if (!request->contact_star && request->contact_count == 0)
		return REGISTER_LISTS;
	binding_record_list_copy(next, present);
	for (uint32_t i = next->count; i-- > 0;)
		if (next->binding[i].expires_unix_s <= terms->now_unix_s)
			binding_record_list_remove(next, i);
	enum register_result result = check_order(next, request, terms);
	return result == REGISTER_CHANGES ? apply_contacts(next, request, terms) : result;
}
