import type { Tool } from "rain-align";

/** What somebody asks, the one tool that there is, and which values of each argument are right; `undefined` among them: it may be left out. */
export interface CallCase {
  readonly ask: string;
  readonly tool: Tool;
  readonly right: Readonly<Record<string, readonly unknown[]>>;
}

type Properties = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function tool(name: string, description: string, properties: Properties, required: readonly string[] = Object.keys(properties)): Tool {
  return { name, description, parameters: { type: "object", properties, required } };
}

const text = (description: string) => ({ type: "string", description });
const whole = (description: string) => ({ type: "integer", description });
const number = (description: string) => ({ type: "number", description });
const flag = (description: string) => ({ type: "boolean", description });
const oneOf = (description: string, ...values: readonly string[]) => ({ type: "string", enum: values, description });
const list = (description: string, type: string) => ({ type: "array", items: { type }, description });

/** Simple calls, as the Berkeley Function Calling Leaderboard has them: one tool, one call. */
export const CALL_CASES: readonly CallCase[] = [
  {
    ask: "A triangular sail has a base of 6 metres and is 9 metres high. What is its area?",
    tool: tool("triangle_area", "The area of a triangle.", { base: number("Base, in metres"), height: number("Height, in metres") }),
    right: { base: [6], height: [9] },
  },
  {
    ask: "Will I need an umbrella in Lisbon the day after tomorrow?",
    tool: tool("weather_forecast", "The weather of a place.", {
      city: text("Name of the city"),
      days_ahead: whole("0 is today, 1 tomorrow"),
    }),
    right: { city: ["Lisbon"], days_ahead: [2] },
  },
  {
    ask: "Set the living room lamp to a brightness of 40 percent.",
    tool: tool("set_brightness", "Dims a lamp.", { lamp: text("Which lamp"), percent: whole("0 to 100") }),
    right: { lamp: ["living room", "living room lamp", "living_room"], percent: [40] },
  },
  {
    ask: "How much is 250 euros in Japanese yen?",
    tool: tool("convert_currency", "Converts money.", {
      amount: number("How much"),
      from: text("Currency code, three letters"),
      to: text("Currency code, three letters"),
    }),
    right: { amount: [250], from: ["EUR"], to: ["JPY"] },
  },
  {
    ask: "Wake me at 6:45 tomorrow morning.",
    tool: tool("set_alarm", "Sets an alarm.", { hour: whole("0 to 23"), minute: whole("0 to 59") }),
    right: { hour: [6], minute: [45] },
  },
  {
    ask: "What is 17 to the power of 3?",
    tool: tool("power", "Raises a number to a power.", { base: number("The number"), exponent: number("The power") }),
    right: { base: [17], exponent: [3] },
  },
  {
    ask: "Please translate 'good evening' into Finnish.",
    tool: tool("translate", "Translates a text.", { text: text("What to translate"), language: text("Into which language, in English") }),
    right: { text: ["good evening", "Good evening"], language: ["Finnish"] },
  },
  {
    ask: "I want to hear something by Nina Simone.",
    tool: tool("play_music", "Plays songs.", { artist: text("Who made it"), shuffle: flag("Whether in random order") }, ["artist"]),
    right: { artist: ["Nina Simone"], shuffle: [undefined, true, false] },
  },
  {
    ask: "Which numbers are prime between 50 and 80?",
    tool: tool("list_primes", "Lists prime numbers.", { low: whole("From"), high: whole("To") }),
    right: { low: [50], high: [80] },
  },
  {
    ask: "Book a table for four at Trattoria Sole at 8 pm.",
    tool: tool("book_table", "Books a table.", { restaurant: text("Name"), people: whole("How many"), time: text("HH:MM, 24 hours") }),
    right: { restaurant: ["Trattoria Sole"], people: [4], time: ["20:00"] },
  },
  {
    ask: "Order two large pizzas with mushrooms and olives.",
    tool: tool("order_pizza", "Orders pizza.", {
      size: oneOf("Size", "small", "medium", "large"),
      count: whole("How many"),
      toppings: list("What is on it", "string"),
    }),
    right: {
      size: ["large"],
      count: [2],
      toppings: [
        ["mushrooms", "olives"],
        ["mushroom", "olive"],
        ["olives", "mushrooms"],
      ],
    },
  },
  {
    ask: "What is the mean of 4, 8, 15, 16, 23 and 42?",
    tool: tool("mean", "The mean of numbers.", { numbers: list("The numbers", "number") }),
    right: { numbers: [[4, 8, 15, 16, 23, 42]] },
  },
  {
    ask: "How far is it by car from Munich to Verona?",
    tool: tool("route", "Finds a way.", { from: text("Start"), to: text("End"), by: oneOf("Means", "car", "train", "foot") }),
    right: { from: ["Munich"], to: ["Verona"], by: ["car"] },
  },
  {
    ask: "Remind me to water the ferns in 3 hours.",
    tool: tool("remind", "Reminds of something.", { what: text("Of what"), hours: number("In how many hours") }),
    right: { what: ["water the ferns", "Water the ferns", "to water the ferns", "Water ferns", "water ferns"], hours: [3] },
  },
  {
    ask: "Roll three dice with twenty sides each.",
    tool: tool("roll_dice", "Rolls dice.", { count: whole("How many dice"), sides: whole("How many sides each has") }),
    right: { count: [3], sides: [20] },
  },
  {
    ask: "Who wrote the novel 'The Leopard'?",
    tool: tool("find_author", "Says who wrote a book.", { title: text("Title of the book") }),
    right: { title: ["The Leopard"] },
  },
  {
    ask: "Turn off the heating in the office.",
    tool: tool("switch_heating", "Turns heating on and off.", { room: text("Which room"), on: flag("Whether it is to be on") }),
    right: { room: ["office", "the office", "Office"], on: [false] },
  },
  {
    ask: "Convert 98.6 degrees Fahrenheit to Celsius.",
    tool: tool("convert_temperature", "Converts temperatures.", {
      value: number("The temperature"),
      from: oneOf("Scale", "celsius", "fahrenheit", "kelvin"),
      to: oneOf("Scale", "celsius", "fahrenheit", "kelvin"),
    }),
    right: { value: [98.6], from: ["fahrenheit"], to: ["celsius"] },
  },
  {
    ask: "What was the closing price of the stock NVDA on 3 March 2025?",
    tool: tool("stock_price", "The price of a stock.", { symbol: text("Ticker"), date: text("YYYY-MM-DD") }),
    right: { symbol: ["NVDA"], date: ["2025-03-03"] },
  },
  {
    ask: "Send Priya the message: The meeting moves to Friday.",
    tool: tool("send_message", "Sends a message.", { to: text("Who gets it"), body: text("What it says") }),
    right: { to: ["Priya"], body: ["The meeting moves to Friday.", "The meeting moves to Friday"] },
  },
  {
    ask: "How many calories are in 150 grams of cooked lentils?",
    tool: tool("calories", "Calories of food.", { food: text("Which food"), grams: number("How much") }),
    right: { food: ["cooked lentils", "lentils", "Cooked lentils", "lentils, cooked"], grams: [150] },
  },
  {
    ask: "Find flats in Porto with at least 2 bedrooms for under 1200 euros.",
    tool: tool("search_flats", "Searches flats to rent.", {
      city: text("Where"),
      min_bedrooms: whole("Bedrooms at least"),
      max_rent: number("Rent at most, in euros"),
    }),
    right: { city: ["Porto"], min_bedrooms: [2], max_rent: [1200] },
  },
  {
    ask: "What time is it in Nairobi now?",
    tool: tool("local_time", "The time of a place.", { place: text("Name of the place") }),
    right: { place: ["Nairobi"] },
  },
  {
    ask: "If I put 1,000 dollars away at 4 percent a year, how much is it after 10 years?",
    tool: tool("compound_interest", "What money grows to.", {
      principal: number("Money at the start"),
      rate_percent: number("Interest a year, in percent"),
      years: whole("For how long"),
    }),
    right: { principal: [1000], rate_percent: [4], years: [10] },
  },
  {
    ask: "Add milk, eggs and flour to my shopping list.",
    tool: tool("add_to_list", "Adds to a list.", { list: text("Name of the list"), items: list("What to add", "string") }),
    right: { list: ["shopping", "shopping list", "shopping_list", "Shopping List", "Shopping list"], items: [["milk", "eggs", "flour"]] },
  },
];
