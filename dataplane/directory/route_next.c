#include "route_next.h"
enum route_failure route_next_classify(uint8_t outcome, uint16_t status) { (void)outcome; (void)status; return ROUTE_FAILURE_NONE; }
bool route_next(struct route_decision *decision, const struct route_request *request, enum route_failure failure, struct route_trace *trace) { (void)decision; (void)request; (void)failure; (void)trace; return false; }
