// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
int x = nonsense;
