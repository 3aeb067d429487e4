"""Published figures on customer service as data, grading by them, the vendor scorecard, tests of promises."""
