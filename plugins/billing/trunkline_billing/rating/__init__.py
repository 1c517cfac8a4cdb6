"""Rating in exact integers: longest prefix, tiers, increments, one rounding per charge. Knows neither database nor web."""
