#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "config_device.h"
#include "config_schema.h"
#include "document_text.h"

#define CONFIG_FILE_BYTES_MAX (1u << 20) /* a node's file has a page or two */

/* One file that is being read. */
struct reader {
	struct config *config;
	struct problem_list *problems;
	const char *file;
	const char *text;
	uint32_t text_length;
	bool refused;
};

static void __attribute__((format(printf, 4, 5)))
refuse_at(struct reader *reader, const struct fy_mark *mark, const char *key, const char *format, ...)
{
	struct problem_place place = {reader->file, reader->text, reader->text_length, 0, 0};
	char message[512];
	va_list arguments;

	if (mark) {
		place.line = (uint32_t)mark->line + 1;
		place.column = (uint32_t)mark->column + 1;
	}
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	problem_add_at(reader->problems, &place, key, "%s", message);
	reader->refused = true;
}

static const struct fy_mark *mark_of_scalar(struct fy_node *node)
{
	struct fy_token *token = node ? fy_node_get_scalar_token(node) : NULL;
	return token ? fy_token_start_mark(token) : NULL;
}

/* A scalar's own place, else that of the key it stands behind. */
static const struct fy_mark *mark_of_value(struct fy_node_pair *pair)
{
	const struct fy_mark *mark = mark_of_scalar(fy_node_pair_value(pair));
	return mark ? mark : mark_of_scalar(fy_node_pair_key(pair));
}

static struct span scalar_of(struct fy_node *node)
{
	size_t length = 0;
	const char *text = node && fy_node_is_scalar(node) ? fy_node_get_scalar(node, &length) : NULL;
	return text ? span_make(text, length) : SPAN_LITERAL("");
}

/* "id, state_dir, lcores": what a mapping takes. `section` is the prefix of node items, "" for interfaces. */
static void list_keys(char *list, size_t size, const struct config_schema *schema, const char *section)
{
	size_t prefix = strlen(section), used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < schema->count && used < size; i++) {
		const char *key = schema->item[i].key;
		if (strncmp(key, section, prefix) != 0 || schema->item[i].type == CONFIG_TYPE_LATER)
			continue;
		int written = snprintf(list + used, size - used, "%s%s", used ? ", " : "", key + prefix);
		used += written > 0 ? (size_t)written : 0;
	}
	if (!used)
		snprintf(list, size, "nothing yet");
}

/* "192.0.2.1/24", "2001:db8::1" into the next free place. */
static bool read_address(struct config_interface *interface, struct span text)
{
	char copy[64];
	uint8_t raw[16];
	uint32_t index = interface->address_count;
	unsigned bits = 0, bits_max;

	if (text.length == 0 || text.length >= sizeof(copy) || index == WIRE_ADDRESSES_MAX)
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	char *slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, copy, raw) == 1) {
		net_address_set_v4(interface->address[index], raw);
		bits_max = 32;
	} else if (inet_pton(AF_INET6, copy, raw) == 1) {
		memcpy(interface->address[index], raw, 16);
		bits_max = 128;
	} else {
		return false;
	}
	if (slash) {
		char *end;
		bits = (unsigned)strtoul(slash, &end, 10);
		if (end == slash || *end || bits > bits_max)
			return false;
	}
	interface->prefix_bits[index] = (uint8_t)(slash ? bits + (128 - bits_max) : 128);
	interface->address_count++;
	return true;
}

static void read_addresses(struct reader *reader, struct config_interface *interface, struct fy_node_pair *pair)
{
	struct fy_node *list = fy_node_pair_value(pair), *item;
	void *position = NULL;

	if (!fy_node_is_sequence(list)) {
		refuse_at(reader, mark_of_value(pair), "interfaces.addresses", "is a list: [192.0.2.1/24]");
		return;
	}
	while ((item = fy_node_sequence_iterate(list, &position))) {
		struct span text = scalar_of(item);
		if (interface->address_count == WIRE_ADDRESSES_MAX)
			refuse_at(reader, mark_of_scalar(item), "interfaces.addresses", "has more than %d addresses",
				  WIRE_ADDRESSES_MAX);
		else if (!read_address(interface, text))
			refuse_at(reader, mark_of_scalar(item), "interfaces.addresses",
				  "\"" SPAN_FORMAT "\" is no IPv4 or IPv6 address, with or without /prefix",
				  SPAN_ARGUMENTS(text));
	}
}

static bool read_mac(uint8_t mac[6], struct span text)
{
	char copy[24];
	unsigned byte[6];
	int used = 0;

	if (text.length >= sizeof(copy))
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	if (sscanf(copy, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4], &byte[5],
		   &used) != 6 ||
	    (uint32_t)used != text.length)
		return false;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)byte[i];
	return true;
}

static bool read_ip(uint8_t ip[16], struct span text)
{
	struct config_interface one = {0};
	if (text.length && memchr(text.at, '/', text.length))
		return false;
	if (!read_address(&one, text))
		return false;
	memcpy(ip, one.address[0], 16);
	return true;
}

static void read_peers(struct reader *reader, struct config_interface *interface, struct fy_node_pair *pair)
{
	struct fy_node *map = fy_node_pair_value(pair);
	struct fy_node_pair *entry;
	void *position = NULL;

	if (!fy_node_is_mapping(map)) {
		refuse_at(reader, mark_of_value(pair), "interfaces.peers",
			  "is a map: {192.0.2.2: \"02:00:00:00:00:02\"}");
		return;
	}
	while ((entry = fy_node_mapping_iterate(map, &position))) {
		struct span ip = scalar_of(fy_node_pair_key(entry)), mac = scalar_of(fy_node_pair_value(entry));
		struct config_peer *peer = &interface->peer[interface->peer_count];
		if (interface->peer_count == CONFIG_PEERS_MAX)
			refuse_at(reader, mark_of_value(entry), "interfaces.peers", "has more than %d peers",
				  CONFIG_PEERS_MAX);
		else if (!read_ip(peer->ip, ip))
			refuse_at(reader, mark_of_scalar(fy_node_pair_key(entry)), "interfaces.peers",
				  "\"" SPAN_FORMAT "\" is no IPv4 or IPv6 address", SPAN_ARGUMENTS(ip));
		else if (!read_mac(peer->mac, mac))
			refuse_at(reader, mark_of_value(entry), "interfaces.peers",
				  "\"" SPAN_FORMAT "\" is no MAC such as \"02:00:00:00:00:02\"", SPAN_ARGUMENTS(mac));
		else
			interface->peer_count++;
	}
}

/* One pair behind a known row. `base` is what the row's offset counts from. */
static void read_item(struct reader *reader, void *base, const struct config_item *item, struct fy_node_pair *pair)
{
	char error[CONFIG_ERROR_BYTES_MAX];
	struct fy_node *value = fy_node_pair_value(pair);

	if (item->type == CONFIG_TYPE_ADDRESSES)
		read_addresses(reader, base, pair);
	else if (item->type == CONFIG_TYPE_PEERS)
		read_peers(reader, base, pair);
	else if (item->type != CONFIG_TYPE_LATER && (!value || !fy_node_is_scalar(value)))
		refuse_at(reader, mark_of_value(pair), item->key, "takes a single value: %s", item->help);
	else if (!config_schema_set(base, item, scalar_of(value), error))
		refuse_at(reader, mark_of_value(pair), item->key, "%s", error);
}

static void read_mapping(struct reader *reader, void *base, const struct config_schema *schema, const char *section,
			 struct fy_node *map)
{
	struct fy_node_pair *pair;
	void *position = NULL;

	while ((pair = fy_node_mapping_iterate(map, &position))) {
		struct span name = scalar_of(fy_node_pair_key(pair));
		char key[64] = "", known[256];
		snprintf(key, sizeof(key), "%s" SPAN_FORMAT, section, (int)(name.length > 40 ? 40 : name.length),
			 name.at);
		const struct config_item *item = config_schema_find(schema, span_of_text(key));
		if (item) {
			read_item(reader, base, item, pair);
			continue;
		}
		list_keys(known, sizeof(known), schema, section);
		refuse_at(reader, mark_of_scalar(fy_node_pair_key(pair)), key, "unknown key; known here: %s", known);
	}
}

/* What shows only when all of an interface is known. */
static void check_interface(struct reader *reader, const struct config_interface *interface, struct fy_node *map)
{
	char error[CONFIG_ERROR_BYTES_MAX];

	if (interface->device[0] && !config_device_check(interface->device, interface->profile, error))
		refuse_at(reader, mark_of_scalar(fy_node_mapping_lookup_by_string(map, "device", (size_t)-1)),
			  "interfaces.device", "\"%s\" %s", interface->device, error);
	if (interface->profile == CONFIG_PROFILE_DIRECT && interface->driver != CONFIG_DRIVER_AF_PACKET)
		refuse_at(reader, mark_of_scalar(fy_node_mapping_lookup_by_string(map, "driver", (size_t)-1)),
			  "interfaces.driver", "is for profile kernel; with direct, `device` names the driver");
}

static void read_interfaces(struct reader *reader, struct fy_node_pair *pair)
{
	struct fy_node *list = fy_node_pair_value(pair), *item;
	void *position = NULL;

	if (!fy_node_is_sequence(list)) {
		refuse_at(reader, mark_of_value(pair), "interfaces", "is a list: - {device: eth0}");
		return;
	}
	while ((item = fy_node_sequence_iterate(list, &position))) {
		struct config *config = reader->config;
		if (!fy_node_is_mapping(item)) {
			refuse_at(reader, mark_of_scalar(item), "interfaces", "an interface is a map: {device: eth0}");
			continue;
		}
		if (config->interface_count == WIRE_INTERFACES_MAX) {
			refuse_at(reader, mark_of_value(pair), "interfaces", "has more than %d interfaces",
				  WIRE_INTERFACES_MAX);
			return;
		}
		struct config_interface *interface = &config->interface[config->interface_count++];
		memset(interface, 0, sizeof(*interface));
		config_schema_set_defaults(interface, &config_schema_interface);
		read_mapping(reader, interface, &config_schema_interface, "", item);
		if (!interface->device[0])
			refuse_at(reader, mark_of_value(pair), "interfaces.device", "interface %u names no device",
				  config->interface_count);
		check_interface(reader, interface, item);
	}
}

/* Is `name` the first part of a key such as "node.id"? */
static bool is_section(struct span name)
{
	for (size_t i = 0; i < config_schema_node.count; i++) {
		const char *key = config_schema_node.item[i].key;
		if (span_equals(name, span_make(key, strcspn(key, "."))))
			return true;
	}
	return false;
}

static void read_root(struct reader *reader, struct fy_node *root)
{
	struct fy_node_pair *pair;
	void *position = NULL;

	if (!root || (fy_node_is_scalar(root) && scalar_of(root).length == 0))
		return;
	if (!fy_node_is_mapping(root)) {
		refuse_at(reader, mark_of_scalar(root), NULL,
			  "the file is a map of node, interfaces, limits, registrar, log");
		return;
	}
	while ((pair = fy_node_mapping_iterate(root, &position))) {
		struct span name = scalar_of(fy_node_pair_key(pair));
		struct fy_node *value = fy_node_pair_value(pair);
		char name_text[48], section[sizeof(name_text) + 1];
		snprintf(name_text, sizeof(name_text), SPAN_FORMAT, SPAN_ARGUMENTS(name));
		snprintf(section, sizeof(section), "%s.", name_text);
		if (span_equals(name, SPAN_LITERAL("interfaces")))
			read_interfaces(reader, pair);
		else if (!is_section(name))
			refuse_at(reader, mark_of_scalar(fy_node_pair_key(pair)), name_text,
				  "unknown key; known here: node, interfaces, limits, registrar, log");
		else if (value && fy_node_is_mapping(value))
			read_mapping(reader, reader->config, &config_schema_node, section, value);
		else if (value && !(fy_node_is_scalar(value) && scalar_of(value).length == 0))
			refuse_at(reader, mark_of_value(pair), name_text, "is a map of keys");
	}
}

static void report_syntax(struct reader *reader, struct fy_diag *diag)
{
	struct fy_diag_error *error;
	void *position = NULL;

	while ((error = fy_diag_errors_iterate(diag, &position))) {
		struct fy_mark mark = {.line = error->line - 1, .column = error->column - 1};
		refuse_at(reader, &mark, NULL, "%s", error->msg);
	}
	if (!reader->refused)
		refuse_at(reader, NULL, NULL, "is not YAML");
}

/*
 * libfyaml 0.7.12 reads 'a''''b' wrong and loses memory with it. No value of a node's configuration needs that;
 * provisioning, where a password might, has its own way (model_reader.c).
 */
static bool has_quotes_in_quotes(struct reader *reader)
{
	static const struct span quotes = SPAN_LITERAL("''''");
	struct fy_mark mark = {0};

	const char *found = memmem(reader->text, reader->text_length, quotes.at, quotes.length);
	if (!found)
		return false;
	for (const char *at = reader->text; at < found; at++) {
		mark.column = *at == '\n' ? 0 : mark.column + ((*at & 0xc0) != 0x80);
		mark.line += *at == '\n';
	}
	refuse_at(reader, &mark, NULL, "has two quotes in a row within single quotes: write the text in double quotes");
	return true;
}

enum status config_load_text(struct config *config, const char *text, size_t length, const char *file,
			     struct problem_list *problems)
{
	struct reader reader = {config, problems, file, text, (uint32_t)length, false};

	if (!document_text_check(problems, file, span_make(text, length)) || has_quotes_in_quotes(&reader))
		return STATUS_INVALID;
	struct fy_diag_cfg silent = {.level = FYET_ERROR, .module_mask = ~0u};
	struct fy_diag *diag = fy_diag_create(&silent);

	if (!diag)
		return STATUS_NO_MEMORY;
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg options = {.flags = FYPCF_QUIET | FYPCF_RESOLVE_DOCUMENT, .diag = diag};
	struct fy_document *document = length ? fy_document_build_from_string(&options, text, length) : NULL;
	if (document)
		read_root(&reader, fy_document_root(document));
	else if (length)
		report_syntax(&reader, diag);
	fy_document_destroy(document);
	fy_diag_destroy(diag);
	return reader.refused ? STATUS_INVALID : STATUS_OK;
}

enum status config_load(struct config *config, const char *path, struct problem_list *problems)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(CONFIG_FILE_BYTES_MAX + 1);
	enum status status = STATUS_IO;

	if (!file || !text) {
		problem_add(problems, "cannot read %s: %s", path, file ? "out of memory" : strerror(errno));
		goto done;
	}
	size_t length = fread(text, 1, CONFIG_FILE_BYTES_MAX + 1, file);
	if (ferror(file))
		problem_add(problems, "cannot read %s: %s", path, strerror(errno));
	else if (length > CONFIG_FILE_BYTES_MAX)
		problem_add(problems, "%s is longer than %u bytes: is it the node configuration?", path,
			    CONFIG_FILE_BYTES_MAX);
	else
		status = config_load_text(config, text, length, path, problems);
done:
	free(text);
	if (file)
		fclose(file);
	return status;
}
