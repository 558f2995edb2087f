#include "scaling_model.h"

#include <stdio.h>

/* Ethernet, IPv4 and UDP headers, FCS, preamble and the gap between frames: bytes of a wire that a message takes beside
 * its own. */
#define WIRE_BYTES_BESIDE (14 + 20 + 8 + 4 + 8 + 12)
#define CALL_MESSAGES	  10 /* that pass the wire in both directions together: DESIGN.md section 1 */
#define CALL_RECEIVED	  8  /* of them received; each costs what the workload `call` costs a message */
#define NIC_NS		  50 /* of a NIC's poll-mode driver, a message received and one sent, beyond what rings cost */

static void report_wire(struct bench_report *report, const struct scaling_model *model, uint32_t gigabits)
{
	char name[64];
	double line_messages = gigabits * 1e9 / 8 / (model->message_bytes + WIRE_BYTES_BESIDE);
	double line_calls = line_messages / CALL_RECEIVED;

	snprintf(name, sizeof(name), "model, %u Gbit/s full", gigabits);
	bench_report_row(report, name, "calls/s", line_calls);
	snprintf(name, sizeof(name), "model, %u Gbit/s full, RSS hits the owner", gigabits);
	bench_report_row(report, name, "lcores", line_messages * (model->message_ns + NIC_NS) / 1e9);
	snprintf(name, sizeof(name), "model, %u Gbit/s full, all handed over", gigabits);
	bench_report_row(report, name, "lcores",
			 line_messages * (model->message_ns + NIC_NS + model->hand_over_ns) / 1e9);
}

void scaling_model_report(struct bench_report *report, const struct scaling_model *model)
{
	report_wire(report, model, 25);
	report_wire(report, model, 100);
	if (report->is_json)
		return;
	printf("\nThe model assumes\n"
	       "  - a call is %u messages, %u of them received, of %.0f SIP bytes on average and %u more on the wire;\n"
	       "    the wire is full in the direction in which we receive; what we send is about as much\n"
	       "  - a lcore does nothing else, on a core of its own as fast as this one at this moment\n"
	       "  - a NIC's poll-mode driver costs %u ns a message, received and sent, more than a ring\n"
	       "  - lcores share nothing that they write but the rings of the hand-over: instructions a message stay "
	       "the\n"
	       "    same (bench/scaling/run), and lines of another CPU cost what they cost between the two CPUs here\n"
	       "  - a trunk's messages, of one 5-tuple, are all received by one lcore: it spends the hand-over on "
	       "each\n"
	       "    and takes no more than %.1f million messages/s; several trunks spread by RSS\n"
	       "  - memory bandwidth and the last-level cache are as good for many lcores as for one\n",
	       CALL_MESSAGES, CALL_RECEIVED, model->message_bytes, WIRE_BYTES_BESIDE, NIC_NS,
	       1e3 / (model->hand_over_ns > 1 ? model->hand_over_ns + NIC_NS : 1e3));
}
