#include "simulation_peers.h"

#include <stdio.h>
#include <string.h>

#include "must.h"
#include "sip_client.h"
#include "text_write.h"
#include "wire_frame.h"

#define REGISTRATION_HEADERS_BYTES 2048
#define ROUTER_HOST		   1 /* 192.0.2.1 */
#define ETHERNET_BYTES		   14

const char simulation_provisioning[] =
	"carriers:\n"
	"  - {name: telco-a, address: [\"udp:192.0.2.31:5060\"], country: ES, priority: 10}\n"
	"  - {name: telco-b, address: [\"udp:192.0.2.32:5060\"], country: ES, priority: 20}\n"
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    outgoing_ddi: \"+34944000000\"\n"
	"    users:\n"
	"      - {name: bob, password: secret-b, extension: \"102\", multi_contact: true}\n"
	"    friends:\n"
	"      - {name: gate, auth: source, direct: \"udp:192.0.2.7:5060\"}\n"
	"      - name: desk\n"
	"        password: secret-d\n"
	"        direct: \"udp:192.0.2.41:5060\"\n"
	"        patterns: [\"^31\"]\n"
	"        forwards:\n"
	"          - {when: busy, calls: both, to: {extension: \"102\"}}\n"
	"          - {when: no_answer, after: 5, calls: both, to: {extension: \"103\"}}\n"
	"      - name: night\n"
	"        password: secret-n\n"
	"        direct: \"udp:192.0.2.42:5060\"\n"
	"        patterns: [\"^32\"]\n"
	"        forwards:\n"
	"          - {when: no_answer, after: 20, calls: both, to: {number: \"+34600000000\"}}\n"
	"    extensions:\n"
	"      - {number: \"102\", route: {user: bob}}\n"
	"      - {number: \"103\", route: {friend: \"3200\"}}\n"
	"    ddis:\n"
	"      - {number: \"+34944000000\", route: {user: bob}}\n";

const char *const simulation_peers[PEER_COUNT] = {"192.0.2.7:5060",  "192.0.2.21:5060", "192.0.2.22:5060",
						  "192.0.2.23:5060", "192.0.2.31:5060", "192.0.2.32:5060",
						  "192.0.2.41:5060", "192.0.2.42:5060"};

static const char *const method_names[] = {
	[REFERENCE_INVITE] = "INVITE", [REFERENCE_ACK] = "ACK",	  [REFERENCE_CANCEL] = "CANCEL",
	[REFERENCE_BYE] = "BYE",       [REFERENCE_INFO] = "INFO", [REFERENCE_MESSAGE] = "MESSAGE",
};
#define METHOD_COUNT (sizeof(method_names) / sizeof(method_names[0]))

const char *peer_method_name(enum reference_method method)
{
	return method_names[method];
}

void peer_request_branch(char branch[64], const struct peer_request *request)
{
	snprintf(branch, 64, "%speer%u", request->is_old ? "" : "z9hG4bK", request->branch);
}

static void write_as(char text[PEER_TEXT_BYTES_MAX], const struct peer_request *request, enum reference_method method,
		     const char *to)
{
	static char headers[PEER_TEXT_BYTES_MAX];
	char branch[64], call_id[64], from_tag[32], contact[64] = "";

	_Static_assert(PEER_TEXT_BYTES_MAX == SIP_TEXT_BYTES_MAX, "one buffer for both");
	peer_request_branch(branch, request);
	snprintf(call_id, sizeof(call_id), "call-%u@simulation", request->call);
	snprintf(from_tag, sizeof(from_tag), "tag-%u", request->from_tag);
	if (method == REFERENCE_INVITE)
		snprintf(contact, sizeof(contact), "Contact: <sip:peer@%s>\r\n", simulation_peers[request->sender]);
	snprintf(headers, sizeof(headers), "%s%s%s%s", contact, request->route[0] ? "Route: " : "", request->route,
		 request->route[0] ? "\r\n" : "");
	sip_request_write(text, &(struct sip_request){.method = method_names[method],
						      .uri = request->uri,
						      .from = request->from,
						      .from_tag = from_tag,
						      .to = to,
						      .via = simulation_peers[request->sender],
						      .branch = branch,
						      .call_id = call_id,
						      .cseq = request->cseq,
						      .headers = headers});
}

void peer_request_write(char text[PEER_TEXT_BYTES_MAX], const struct peer_request *request)
{
	write_as(text, request, request->method, request->to);
}

void peer_request_write_ack(char text[PEER_TEXT_BYTES_MAX], const struct peer_request *request, const char *to)
{
	write_as(text, request, REFERENCE_ACK, to);
}

void peer_request_write_cancel(char text[PEER_TEXT_BYTES_MAX], const struct peer_request *request)
{
	write_as(text, request, REFERENCE_CANCEL, request->to);
}

void peer_response_write(char text[PEER_TEXT_BYTES_MAX], const char *received, uint32_t status, uint32_t tag,
			 uint32_t peer)
{
	char to_tag[32], contact[64];

	snprintf(to_tag, sizeof(to_tag), "tag-%u", tag);
	snprintf(contact, sizeof(contact), "Contact: <sip:peer@%s>\r\n", simulation_peers[peer]);
	sip_response_write(text, received, (int)status, tag == REFERENCE_TAG_NONE ? NULL : to_tag,
			   status > 100 && status < 300 ? contact : "");
}

void peer_header(char *value, size_t size, const char *text, const char *name)
{
	if (!sip_find_header(value, size, text, name, 0)) {
		fprintf(stderr, "no %s in:\n%s", name, text);
		must_fail("a header is missing");
	}
}

static uint32_t find_peer(const struct net_address *address)
{
	char text[64];
	struct text_writer writer = text_write_begin(text, sizeof(text) - 1);

	text_write_address(&writer, address);
	text[writer.length] = '\0';
	for (uint32_t i = 0; i < PEER_COUNT; i++)
		if (strcmp(text, simulation_peers[i]) == 0)
			return i;
	return PEER_COUNT;
}

static uint32_t read_tag(const char *to)
{
	const char *at = strstr(to, ";tag=");
	uint32_t number;
	char end;

	if (!at)
		return REFERENCE_TAG_NONE;
	return sscanf(at, ";tag=tag-%u%c", &number, &end) == 1 ? number : REFERENCE_TAG_OWN;
}

bool peer_message_read(struct peer_message *message, const struct net_address *destination, const char *text,
		       const char **problem)
{
	char value[2048], method[32];

	*message = (struct peer_message){
		.peer = find_peer(destination), .status = (uint32_t)sip_status(text), .text = text};
	*problem = "sent to nobody that we know";
	if (message->peer == PEER_COUNT)
		return false;
	*problem = "no Call-ID of ours";
	if (!sip_find_header(value, sizeof(value), text, "Call-ID", 0) ||
	    sscanf(value, "call-%u@", &message->call) != 1)
		return false;
	*problem = "no CSeq of ours";
	if (!sip_find_header(value, sizeof(value), text, "CSeq", 0) ||
	    sscanf(value, "%u %31s", &message->cseq, method) != 2)
		return false;
	*problem = "no method of ours";
	while (message->method < METHOD_COUNT && strcmp(method_names[message->method], method) != 0)
		message->method++;
	if (message->method == METHOD_COUNT)
		return false;
	*problem = "no To";
	if (!sip_find_header(value, sizeof(value), text, "To", 0))
		return false;
	message->tag = read_tag(value);
	*problem = "no branch in the topmost Via";
	return sip_find_header(value, sizeof(value), text, "Via", 0) && strstr(value, ";branch=") &&
	       sscanf(strstr(value, ";branch="), ";branch=%127[^;,]", message->branch) == 1;
}

void peer_send_unreachable(struct pipeline *pipeline, uint32_t peer, const char *sent)
{
	static char datagram[WIRE_FRAME_BYTES_MAX], icmp[WIRE_FRAME_BYTES_MAX], quoted[WIRE_FRAME_BYTES_MAX];
	struct wire_frame frame = wire_frame_make(false, ROUTER_HOST);
	unsigned int host;

	must(sscanf(simulation_peers[peer], "192.0.2.%u:", &host) == 1);
	frame.destination = (uint8_t)host;
	struct span whole =
		wire_frame_write(&frame, wire_frame_udp(datagram, &frame, span_of_text(sent), WIRE_CHECKSUM_RIGHT));
	memcpy(quoted, whole.at + ETHERNET_BYTES, whole.length - ETHERNET_BYTES);
	struct wire_icmp error = {.type = 3, .code = 3, .quoted = span_make(quoted, whole.length - ETHERNET_BYTES)};
	frame = wire_frame_make(false, (uint8_t)host);
	frame.protocol = 1;
	pipeline_send_frame(pipeline, wire_frame_write(&frame, wire_frame_icmp(icmp, &frame, &error)));
}

void peer_register(struct pipeline *pipeline, uint32_t index, uint32_t q)
{
	static char text[PEER_TEXT_BYTES_MAX], headers[REGISTRATION_HEADERS_BYTES];
	static struct pipeline_message answer;
	static uint32_t serial;
	const char *source = simulation_peers[PEER_BINDING + index];
	struct sip_account account = {.user = "bob", .password = "secret-b", .nc = 1};
	char call_id[64], branch[64], contact[256], credentials[1024];

	snprintf(contact, sizeof(contact), "Contact: <sip:peer@%s>;q=%u.%03u;expires=%u\r\n", source, q / 1000,
		 q % 1000, q ? 7200 : 0);
	for (uint32_t attempt = 0; attempt < 2; attempt++) {
		snprintf(call_id, sizeof(call_id), "register-%u@simulation", index);
		snprintf(branch, sizeof(branch), "z9hG4bKregister%u", ++serial);
		snprintf(headers, sizeof(headers), "%s%s", contact, attempt ? credentials : "");
		sip_request_write(text, &(struct sip_request){.method = "REGISTER",
							      .uri = "sip:acme.example.net",
							      .from = "<sip:bob@acme.example.net>",
							      .to = "<sip:bob@acme.example.net>",
							      .via = source,
							      .branch = branch,
							      .call_id = call_id,
							      .cseq = serial,
							      .headers = headers});
		pipeline_send(pipeline, source, text);
		must(pipeline_take(pipeline, &answer));
		if (attempt == 0) {
			must(sip_status(answer.text) == 401);
			sip_authorization_write(credentials, answer.text, &account, "REGISTER", "sip:acme.example.net");
		}
	}
	must(sip_status(answer.text) == 200);
}
