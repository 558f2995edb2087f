#include "aor_block.h"

bool aor_block_takes(const struct aor_name *aor, const struct binding_record *binding)
{
	return aor->name.length + aor->domain.length < AOR_BYTES_MAX &&
	       binding->contact.length <= LOCATION_CONTACT_BYTES_MAX &&
	       binding->path.length <= LOCATION_PATH_BYTES_MAX && binding->call_id.length <= UINT16_MAX &&
	       binding->instance.length <= UINT16_MAX;
}

static bool has_received(const struct binding_record *binding)
{
	return !net_address_same_ip(&binding->received, &binding->next_hop) ||
	       binding->received.port != binding->next_hop.port;
}

static uint32_t fixed_bytes(uint32_t count)
{
	return (uint32_t)(sizeof(struct aor_keep) + count * sizeof(struct binding_keep));
}

static uint32_t text_bytes(const struct aor_name *aor, const struct binding_list *list)
{
	uint32_t bytes = aor->name.length;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct binding_record *binding = &list->binding[i];
		bytes += binding->call_id.length + binding->instance.length +
			 (has_received(binding) ? (uint32_t)sizeof(struct net_address) : 0);
	}
	return bytes;
}

static char *put_bytes(char *end, const void *bytes, uint32_t length)
{
	if (length)
		memcpy(end, bytes, length);
	return end + length;
}

static uint32_t second(int64_t unix_s)
{
	return unix_s < 0 ? 0 : unix_s > UINT32_MAX ? UINT32_MAX : (uint32_t)unix_s;
}

static void write_keep(struct binding_keep *keep, char **end, const struct binding_record *binding, uint32_t user_agent)
{
	*keep = (struct binding_keep){
		.store_row = binding->store_row,
		.registered_unix_s = second(binding->registered_unix_s),
		.expires_unix_s = second(binding->expires_unix_s),
		.seen_unix_s = second(binding->seen_unix_s),
		.cseq = binding->cseq,
		.user_agent = user_agent,
		.ping = binding->ping,
		.pings_unanswered = (uint16_t)binding->pings_unanswered,
		.call_id_length = (uint16_t)binding->call_id.length,
		.instance_length = (uint16_t)binding->instance.length,
		.received_transport = binding->received.transport & 3,
		.local_transport = binding->local.transport & 3,
		.has_received = has_received(binding),
	};
	if (keep->has_received)
		*end = put_bytes(*end, &binding->received, sizeof(binding->received));
	*end = put_bytes(*end, binding->call_id.at, binding->call_id.length);
	*end = put_bytes(*end, binding->instance.at, binding->instance.length);
}

static struct location_binding shown(const struct binding_record *binding, const struct location_table *location,
				     int64_t now_unix_s)
{
	int64_t remaining_s = binding->expires_unix_s - now_unix_s;
	return (struct location_binding){
		.contact = binding->contact,
		.path = binding->path,
		.next_hop = binding->next_hop,
		.local = binding->local,
		.expires_tsc = location_table_tsc_in(location, remaining_s > 0 ? second(remaining_s) : 0),
		.interface = binding->interface,
		.q = binding->q,
		.has_entry = net_address_same_ip(&binding->next_hop, &binding->received),
		.behind_nat = binding->behind_nat,
	};
}

/* The first is the domain's; then those of the bindings. Result: false when memory was short; none is held then. */
static bool hold_texts(uint32_t held[1 + BINDINGS_PER_AOR_MAX], const struct aor_name *aor,
		       const struct binding_list *list, struct text_table *texts)
{
	held[0] = text_table_hold(texts, aor->domain, aor->company_id);
	bool is_fine = held[0] != TEXT_TABLE_NONE;
	for (uint32_t i = 0; i < list->count; i++) {
		held[1 + i] = is_fine ? text_table_hold(texts, list->binding[i].user_agent, 0) : TEXT_TABLE_NONE;
		is_fine &= held[1 + i] != TEXT_TABLE_NONE;
	}
	for (uint32_t i = 0; !is_fine && i <= list->count; i++)
		text_table_release(texts, held[i]);
	return is_fine;
}

struct binding_set *aor_block_make(const struct aor_name *aor, const struct binding_list *list,
				   struct text_table *texts, const struct location_table *location, int64_t now_unix_s)
{
	struct location_binding binding[BINDINGS_PER_AOR_MAX];
	uint32_t held[1 + BINDINGS_PER_AOR_MAX];
	for (uint32_t i = 0; i < list->count; i++)
		binding[i] = shown(&list->binding[i], location, now_unix_s);
	if (!hold_texts(held, aor, list, texts))
		return NULL;
	struct binding_set *set =
		location_set_make(aor->key, binding, list->count,
				  (struct location_set_room){fixed_bytes(list->count), text_bytes(aor, list)});
	if (!set) {
		for (uint32_t i = 0; i <= list->count; i++)
			text_table_release(texts, held[i]);
		return NULL;
	}
	*aor_block_keep(set) = (struct aor_keep){.domain = held[0], .name_length = (uint16_t)aor->name.length};
	char *end = put_bytes(location_set_text(set, fixed_bytes(set->count)), aor->name.at, aor->name.length);
	for (uint32_t i = 0; i < list->count; i++)
		write_keep(aor_block_binding_keep(set, i), &end, &list->binding[i], held[1 + i]);
	return set;
}

void aor_block_release_texts(const struct binding_set *set, struct text_table *texts)
{
	text_table_release(texts, aor_block_keep(set)->domain);
	for (uint32_t i = 0; i < set->count; i++)
		text_table_release(texts, aor_block_binding_keep(set, i)->user_agent);
}

void aor_block_free(struct binding_set *set, struct text_table *texts)
{
	if (!set)
		return;
	aor_block_release_texts(set, texts);
	location_set_free(set);
}

/* `at`: where its own texts are. Result: where those of the next binding are. */
static const char *read_binding(struct binding_record *record, const struct binding_set *set, uint32_t index,
				const char *at, const struct text_table *texts)
{
	const struct binding *binding = &set->binding[index];
	const struct binding_keep *keep = aor_block_binding_keep(set, index);
	*record = (struct binding_record){
		.contact = binding_contact(binding),
		.path = binding_path(binding),
		.user_agent = text_table_text(texts, keep->user_agent),
		.local = binding_local(binding),
		.next_hop = binding_next_hop(binding),
		.registered_unix_s = keep->registered_unix_s,
		.expires_unix_s = keep->expires_unix_s,
		.seen_unix_s = keep->seen_unix_s,
		.store_row = keep->store_row,
		.cseq = keep->cseq,
		.pings_unanswered = keep->pings_unanswered,
		.ping = keep->ping,
		.interface = binding->interface,
		.q = binding->q,
		.behind_nat = binding->behind_nat,
	};
	record->local.transport = keep->local_transport;
	record->received = record->next_hop;
	if (keep->has_received) {
		memcpy(&record->received, at, sizeof(record->received));
		at += sizeof(record->received);
	}
	record->received.transport = keep->received_transport;
	record->call_id = span_make(at, keep->call_id_length);
	at += keep->call_id_length;
	record->instance = span_make(at, keep->instance_length);
	return at + keep->instance_length;
}

static const char *first_text(const struct binding_set *set)
{
	return location_set_text(set, fixed_bytes(set->count)) + aor_block_keep(set)->name_length;
}

void aor_block_read(struct binding_list *list, const struct binding_set *set, const struct text_table *texts)
{
	list->count = set ? set->count : 0;
	if (!list->count)
		return;
	const char *at = first_text(set);
	for (uint32_t i = 0; i < set->count; i++)
		at = read_binding(&list->binding[i], set, i, at, texts);
}

void aor_block_read_binding(struct binding_record *record, const struct binding_set *set, uint32_t index,
			    const struct text_table *texts)
{
	const char *at = first_text(set);
	for (uint32_t i = 0; i <= index; i++)
		at = read_binding(record, set, i, at, texts);
}

struct aor_name aor_block_name(const struct binding_set *set, const struct text_table *texts)
{
	const struct aor_keep *keep = aor_block_keep(set);
	struct aor_name aor = {
		.name = span_make(location_set_text(set, fixed_bytes(set->count)), keep->name_length),
		.domain = text_table_text(texts, keep->domain),
		.company_id = text_table_number(texts, keep->domain),
	};
	memcpy(aor.key, set->key, AOR_KEY_BYTES);
	return aor;
}

struct span aor_block_write_aor(char text[AOR_BYTES_MAX], const struct binding_set *set, const struct text_table *texts)
{
	struct aor_name aor = aor_block_name(set, texts);
	char *end = put_bytes(text, aor.name.at, aor.name.length);
	/* What the store had without a domain never had one. */
	if (aor.domain.length)
		*end++ = '@';
	end = put_bytes(end, aor.domain.at, aor.domain.length);
	return span_make(text, (size_t)(end - text));
}

int64_t aor_block_first_end(const struct binding_set *set)
{
	int64_t end = INT64_MAX;
	for (uint32_t i = 0; i < set->count; i++)
		if (aor_block_binding_keep(set, i)->expires_unix_s < end)
			end = aor_block_binding_keep(set, i)->expires_unix_s;
	return end;
}

uint32_t aor_block_find_contact(const struct binding_set *set, struct span contact)
{
	uint32_t i = 0;
	while (i < set->count && !span_equals(binding_contact(&set->binding[i]), contact))
		i++;
	return i;
}
