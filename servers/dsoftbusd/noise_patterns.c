/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The patterns we carry. A session uses XK; the others are here because the code that runs them is
 * the same, and their published vectors test it. [Noise §7.5]
 */
#include "noise.h"

const struct noise_pattern noise_nk = {
    .name = "NK",
    .is_responder_known = true,
    .message_count = 2,
    .tokens = {{NOISE_E, NOISE_ES}, {NOISE_E, NOISE_EE}},
};

const struct noise_pattern noise_kk = {
    .name = "KK",
    .is_initiator_known = true,
    .is_responder_known = true,
    .message_count = 2,
    .tokens = {{NOISE_E, NOISE_ES, NOISE_SS}, {NOISE_E, NOISE_EE, NOISE_SE}},
};

const struct noise_pattern noise_xk = {
    .name = "XK",
    .is_responder_known = true,
    .message_count = 3,
    .tokens = {{NOISE_E, NOISE_ES}, {NOISE_E, NOISE_EE}, {NOISE_S, NOISE_SE}},
};

const struct noise_pattern noise_ik = {
    .name = "IK",
    .is_responder_known = true,
    .message_count = 2,
    .tokens = {{NOISE_E, NOISE_ES, NOISE_S, NOISE_SS}, {NOISE_E, NOISE_EE, NOISE_SE}},
};

const struct noise_pattern noise_xx = {
    .name = "XX",
    .message_count = 3,
    .tokens = {{NOISE_E}, {NOISE_E, NOISE_EE, NOISE_S, NOISE_ES}, {NOISE_S, NOISE_SE}},
};
