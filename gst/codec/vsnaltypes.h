/* VisionStream: types of NAL units
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

/* nal_unit_type, ITU-T H.264 table 7-1, from a NAL unit's first byte */
#define H264_TYPE(byte) ((byte) & 0x1f)
#define H264_SLICE 1
#define H264_PARTITION_A 2
#define H264_IDR 5
#define H264_SEI 6
#define H264_SPS 7
#define H264_PPS 8
#define H264_AUD 9
#define H264_FILLER 12
#define H264_SPS_EXTENSION 13
#define H264_PREFIX 14
#define H264_RESERVED_LAST 18

/* nal_unit_type, ITU-T H.265 table 7-1, from a NAL unit's first byte */
#define H265_TYPE(byte) ((byte) >> 1 & 0x3f)
#define H265_BLA_W_LP 16
#define H265_IDR_W_RADL 19
#define H265_IDR_N_LP 20
#define H265_IRAP_LAST 23
#define H265_VCL_LAST 31
#define H265_VPS 32
#define H265_SPS 33
#define H265_PPS 34
#define H265_AUD 35
#define H265_FILLER 38
#define H265_PREFIX_SEI 39
#define H265_RESERVED_FIRST 41
#define H265_RESERVED_LAST 44
#define H265_UNSPECIFIED_FIRST 48
#define H265_UNSPECIFIED_LAST 55
